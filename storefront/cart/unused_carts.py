"""Baskets without an account that nobody has used for a year are deleted. Those of accounts stay."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from sqlalchemy import exists, select

from storefront.background.old_rows import delete_old_rows
from storefront.cart.models import Cart, CartLine

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
    return delete_old_rows(Cart, unused, most=BATCH)
