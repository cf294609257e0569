"""What becomes of a visitor's basket and of the account's when somebody signs in: one basket, nothing dropped."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from storefront.cart import cookie
from storefront.cart.models import Cart, CartLine
from storefront.extensions import write_transaction
from storefront.hooks import Hook

# Fired inside the transaction before a merged basket is deleted, with its id and the id of the account's basket.
merged = Hook[[Session, int, int], None]("cart.merged")


def merge_carts(user_id: int) -> int:
    """Make the visitor's basket the account's, with what that held already: the larger quantity of each line wins.

    Returns:
        How many lines came from the account's earlier basket.
    """
    with write_transaction() as session:
        token = cookie.read_token()
        mine = (
            session.execute(select(Cart).where(Cart.token == token)).scalar_one_or_none() if token else None
        )
        theirs = session.execute(select(Cart).where(Cart.user_id == user_id)).scalar_one_or_none()
        if mine is not None and mine.user_id not in (None, user_id):
            mine = None  # somebody else was signed in here: their basket is theirs
        if theirs is None:
            if mine is not None:
                mine.user_id = user_id
            elif token:
                cookie.clear_token()
            return 0
        cookie.set_token(theirs.token)
        if mine is None or mine.id == theirs.id:
            return 0
        earlier = _merge_lines(session, mine, theirs)
        merged.fire(session, mine.id, theirs.id)
        session.delete(mine)
        return earlier


def _merge_lines(session: Session, mine: Cart, theirs: Cart) -> int:
    """Move lines into the account's basket; return how many that had of its own."""
    found = (
        session.execute(select(CartLine).where(CartLine.cart_id.in_([mine.id, theirs.id]))).scalars().all()
    )
    held = {line.sku: line for line in found if line.cart_id == theirs.id}
    earlier = len(held)
    for line in found:
        if line.cart_id == theirs.id:
            continue
        if (other := held.get(line.sku)) is None:
            line.cart_id = theirs.id
        else:
            other.quantity, other.saved = max(other.quantity, line.quantity), other.saved and line.saved
            session.delete(line)
    session.flush()
    return earlier
