"""Merging carts at sign-in: the visitor's and the account's become one, and no line is lost."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from storefront import accounts
from storefront.app_state import Hook
from storefront.cart import cookie, queries
from storefront.cart.basket_form import MAX_QUANTITY
from storefront.cart.models import Cart, CartLine
from storefront.extensions import write_transaction

# Fired inside the transaction before a merged cart is deleted, with its id and the id of the account's cart.
merged = Hook[[Session, int, int], None]("cart.merged")


def merge_carts(user_id: int) -> int:
    """Merge this visitor's cart into the account's. Of a variant that is in both, the larger quantity stays.

    Returns:
        How many lines the account's cart had before; 0 if nothing was merged.
    """
    merge_siblings()
    with write_transaction() as session:
        token = cookie.read_token()
        guest_cart = (
            session.execute(select(Cart).where(Cart.token == token)).scalar_one_or_none() if token else None
        )
        account_cart = session.execute(select(Cart).where(Cart.user_id == user_id)).scalar_one_or_none()
        if guest_cart is not None and guest_cart.user_id not in (None, user_id):
            guest_cart = None  # it belongs to another account, which was signed in on this browser before
        if account_cart is None:
            if guest_cart is not None:
                guest_cart.user_id = user_id
            elif token:
                cookie.clear_token()
            return 0
        cookie.set_token(account_cart.token)
        if guest_cart is None or guest_cart.id == account_cart.id:
            return 0
        earlier = _merge_lines(session, guest_cart.id, account_cart.id)
        merged.fire(session, guest_cart.id, account_cart.id)
        session.delete(guest_cart)
        return earlier


def merge_siblings() -> None:
    """Merge the carts of this browser's sibling cookies into its cart. Without such a cookie it needs no SQL."""
    siblings = cookie.find_siblings()
    if not siblings:
        return
    accounts.current_user()  # before the transaction locks the database, since it may wait for Redis
    with write_transaction() as session:
        target = session.execute(queries.select_current_cart()).scalar_one_or_none()
        found = (
            select(Cart).where(Cart.token.in_(siblings.values()), Cart.user_id.is_(None)).with_for_update()
        )
        for cart in session.execute(found.order_by(Cart.id)).scalars().all():
            if target is None:
                target = cart.id
                cookie.set_token(cart.token)
            if cart.id == target:
                continue
            _merge_lines(session, cart.id, target, add=True)
            merged.fire(session, cart.id, target)
            session.delete(cart)
            session.flush()
    cookie.forget(list(siblings))


def _merge_lines(session: Session, source: int, target: int, *, add: bool = False) -> int:
    """Move the lines of one cart into another; return how many lines the target had before.

    Of a variant that is in both, the larger quantity stays, or with `add` the sum.
    """
    lines = session.execute(select(CartLine).where(CartLine.cart_id.in_([source, target]))).scalars().all()
    existing = {line.sku: line for line in lines if line.cart_id == target}
    earlier = len(existing)
    for line in lines:
        if line.cart_id == target:
            continue
        if (other := existing.get(line.sku)) is None:
            line.cart_id = target
        else:
            both = other.quantity + line.quantity if add else max(other.quantity, line.quantity)
            other.quantity, other.saved = min(both, MAX_QUANTITY), other.saved and line.saved
            session.delete(line)
    session.flush()
    return earlier
