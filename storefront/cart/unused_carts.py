"""Baskets without an account that nobody has used for a year are deleted. Those of accounts stay."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from sqlalchemy import delete, exists, select

from storefront.cart.models import Cart, CartLine
from storefront.extensions import db, write_transaction

# The cookie of a basket lives as long, so no browser can reach an older one.
LIFETIME = timedelta(days=365)
BATCH = 500


def delete_unused_carts() -> int:
    """Delete a batch of unused baskets with their lines; return how many."""
    limit = datetime.now(UTC) - LIFETIME
    unused = (
        Cart.user_id.is_(None)
        & (Cart.updated_at < limit)
        & ~exists(select(CartLine.id).where(CartLine.cart_id == Cart.id, CartLine.added_at >= limit))
    )
    ids = db.session.scalars(select(Cart.id).where(unused).limit(BATCH)).all()
    db.session.rollback()
    if ids:
        with write_transaction() as session:
            # The condition again: a basket may have been used, or have got an owner, since.
            statement = delete(Cart).where(Cart.id.in_(ids), unused)
            session.execute(statement.execution_options(synchronize_session=False))
    return len(ids)
