"""The audit: what the rows say against what the ledger says."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from storefront.stock.models import StockItem, StockMovement


@dataclass(frozen=True, slots=True)
class Difference:
    """A row that does not agree with its ledger."""

    sku: str
    on_hand: int
    on_hand_by_ledger: int
    reserved: int
    reserved_by_ledger: int

    def __str__(self) -> str:
        """A sentence for the report."""
        return (
            f"{self.sku}: on hand {self.on_hand}, by the ledger {self.on_hand_by_ledger}; "
            f"reserved {self.reserved}, by the ledger {self.reserved_by_ledger}"
        )


def audit(session: Session) -> list[Difference]:
    """Return every row that differs from its ledger. One statement."""
    moved = (
        select(
            StockMovement.sku,
            func.sum(StockMovement.quantity).label("quantity"),
            func.sum(StockMovement.reserved).label("reserved"),
        )
        .group_by(StockMovement.sku)
        .subquery()
    )
    on_hand = StockItem.opening + func.coalesce(moved.c.quantity, 0)
    reserved = func.coalesce(moved.c.reserved, 0)
    rows = session.execute(
        select(StockItem.sku, StockItem.on_hand, on_hand, StockItem.reserved, reserved)
        .outerjoin(moved, moved.c.sku == StockItem.sku)
        .where((StockItem.on_hand != on_hand) | (StockItem.reserved != reserved))
        .order_by(StockItem.sku)
    )
    return [Difference(*row) for row in rows]


def repair(session: Session, differences: list[Difference]) -> None:
    """Make the rows what the ledger says."""
    for found in differences:
        on_hand = max(0, found.on_hand_by_ledger)
        session.execute(
            update(StockItem)
            .where(StockItem.sku == found.sku)
            .values(
                on_hand=on_hand,
                reserved=min(on_hand, max(0, found.reserved_by_ledger)),
                version=StockItem.version + 1,
            )
        )
