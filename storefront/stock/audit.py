"""The audit: compares the stock rows with the ledger and with what other rooms hold."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import Select, func, insert, literal, select, union_all, update
from sqlalchemy.orm import Session

from storefront.actors import actor_text
from storefront.app_state import Hook
from storefront.stock.inventory import lock_available
from storefront.stock.models import StockItem, StockMovement

# Asks each room above for a query of the SKUs and quantities that it holds; together they are what is reserved.
held_quantities = Hook[[], Select[str, int]]("stock.held_quantities")


@dataclass(frozen=True, slots=True)
class Difference:
    """A row that differs from its ledger, or from what is held. `held` is None if no room registered a query."""

    sku: str
    on_hand: int
    on_hand_by_ledger: int
    reserved: int
    reserved_by_ledger: int
    held: int | None = None

    def __str__(self) -> str:
        """Return a line of the report."""
        held = f", held {self.held}" if self.held is not None else ""
        return (
            f"{self.sku}: on hand {self.on_hand}, by the ledger {self.on_hand_by_ledger}; "
            f"reserved {self.reserved}, by the ledger {self.reserved_by_ledger}{held}"
        )


def find_differences(session: Session) -> list[Difference]:
    """Return every row that differs from its ledger or from what is held. One statement sees one moment."""
    recorded = (
        select(
            StockMovement.sku,
            func.sum(StockMovement.quantity).label("quantity"),
            func.sum(StockMovement.reserved).label("reserved"),
        )
        .group_by(StockMovement.sku)
        .subquery()
    )
    on_hand = StockItem.opening + func.coalesce(recorded.c.quantity, 0)
    reserved = func.coalesce(recorded.c.reserved, 0)
    query = select(StockItem.sku, StockItem.on_hand, on_hand, StockItem.reserved, reserved)
    query = query.outerjoin(recorded, recorded.c.sku == StockItem.sku).order_by(StockItem.sku)
    differs = (StockItem.on_hand != on_hand) | (StockItem.reserved != reserved)
    queries = held_quantities.fire()
    if not queries:
        return [Difference(*row) for row in session.execute(query.where(differs))]
    sku, quantity = union_all(*queries).subquery().c
    holds = select(sku.label("sku"), func.sum(quantity).label("held")).group_by(sku).subquery()
    held = func.coalesce(holds.c.held, literal(0))
    query = query.add_columns(held).outerjoin(holds, holds.c.sku == StockItem.sku)
    rows = session.execute(query.where(differs | (StockItem.reserved != held)))
    return [Difference(*row) for row in rows]


def repair(session: Session, skus: Collection[str]) -> list[Difference]:
    """Set these rows to what the ledger says; where what is held says otherwise, add a correction to the ledger.

    The rows are locked and compared again first, since shoppers go on buying.

    Returns:
        The differences that were repaired.
    """
    lock_available(session, skus)
    differences = [difference for difference in find_differences(session) if difference.sku in skus]
    for difference in differences:
        on_hand = max(0, difference.on_hand_by_ledger)
        wanted = difference.reserved_by_ledger if difference.held is None else difference.held
        reserved = min(on_hand, max(0, wanted))
        session.execute(
            update(StockItem)
            .where(StockItem.sku == difference.sku)
            .values(on_hand=on_hand, reserved=reserved, version=StockItem.version + 1)
        )
        correction = {
            "quantity": on_hand - difference.on_hand_by_ledger,
            "reserved": reserved - difference.reserved_by_ledger,
        }
        if any(correction.values()):
            entry = {
                "sku": difference.sku,
                "kind": "adjusted",
                "reason": "audit",
                "actor": actor_text(),
            }
            session.execute(insert(StockMovement), [entry | correction])
    return differences
