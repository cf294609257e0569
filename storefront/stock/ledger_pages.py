"""Pages of one variant's ledger, newest line first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select

from storefront.extensions import db
from storefront.stock.models import StockMovement

PER_PAGE = 25


@dataclass(frozen=True, slots=True)
class LedgerPage:
    """Lines of the ledger.

    Attributes:
        lines: newest first.
        older: the id before which the next page begins; None on the last page.
    """

    lines: Sequence[StockMovement]
    older: int | None


def read_ledger(sku: str, before: int | None = None) -> LedgerPage:
    """Return a page of the ledger of a variant's code. One statement, whose cost does not grow with the ledger.

    Args:
        sku: the code.
        before: the id before which the page begins; None: at the newest line.
    """
    query = select(StockMovement).where(StockMovement.sku == sku).order_by(StockMovement.id.desc())
    if before is not None:
        query = query.where(StockMovement.id < before)
    found = db.session.execute(query.limit(PER_PAGE + 1)).scalars().all()
    lines = found[:PER_PAGE]
    return LedgerPage(lines, lines[-1].id if len(found) > PER_PAGE else None)
