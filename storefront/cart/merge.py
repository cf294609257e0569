"""Merging carts at sign-in: the visitor's and the account's become one, and no line is lost."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from storefront.app_state import Hook
from storefront.cart import cookie
from storefront.cart.models import Cart, CartLine
from storefront.extensions import write_transaction

# Fired inside the transaction before a merged cart is deleted, with its id and the id of the account's cart.
merged = Hook[[Session, int, int], None]("cart.merged")


def merge_carts(user_id: int) -> int:
    """Merge this visitor's cart into the account's. Of a variant that is in both, the larger quantity stays.

    Returns:
        How many lines the account's cart had before; 0 if nothing was merged.
    """
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
        earlier = _merge_lines(session, guest_cart, account_cart)
        merged.fire(session, guest_cart.id, account_cart.id)
        session.delete(guest_cart)
        return earlier


def _merge_lines(session: Session, source: Cart, target: Cart) -> int:
    """Move the lines of one cart into another; return how many lines the target had before."""
    lines = (
        session.execute(select(CartLine).where(CartLine.cart_id.in_([source.id, target.id]))).scalars().all()
    )
    existing = {line.sku: line for line in lines if line.cart_id == target.id}
    earlier = len(existing)
    for line in lines:
        if line.cart_id == target.id:
            continue
        if (other := existing.get(line.sku)) is None:
            line.cart_id = target.id
        else:
            other.quantity, other.saved = max(other.quantity, line.quantity), other.saved and line.saved
            session.delete(line)
    session.flush()
    return earlier
