"""Finds variants that were counted again since a bulk change of their stock."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from storefront.batches import batches
from storefront.stock.models import StockMovement

_CHUNK = 500  # codes in one query


def find_recounted(session: Session, skus: Sequence[str], reference: str) -> set[str]:
    """Return the codes whose stock somebody has set since a change set or a stock-taking changed it.

    A delivery, a sale and a return are differences, as its movement is. A number that was set replaces
    it: undoing the difference would make that number wrong. Numbers that were set and put back do not count.
    """
    found: set[str] = set()
    for chunk in batches(sorted(skus), _CHUNK):
        own = (
            select(StockMovement.sku, func.max(StockMovement.id).label("last"))
            .where(StockMovement.sku.in_(chunk), StockMovement.reference == reference)
            .group_by(StockMovement.sku)
            .subquery()
        )
        later = (
            select(StockMovement.sku)
            .join(own, own.c.sku == StockMovement.sku)
            .where(StockMovement.id > own.c.last, StockMovement.kind == "adjusted")
            .group_by(StockMovement.sku, StockMovement.reference)
            .having(func.sum(StockMovement.quantity) != 0)
        )
        found |= set(session.execute(later).scalars())
    return found
