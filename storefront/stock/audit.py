"""The audit: what the rows say against what the ledger says, and against what other rooms hold."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import Select, func, insert, literal, select, union_all, update
from sqlalchemy.orm import Session

from storefront.hooks import Hook
from storefront.stock.inventory import lock_available
from storefront.stock.models import StockItem, StockMovement

# Asks each room above for a query of the SKUs and quantities that it holds; together they are what is reserved.
held_quantities = Hook[[], Select[str, int]]("stock.held_quantities")


@dataclass(frozen=True, slots=True)
class Difference:
    """A row that does not agree with its ledger, or with what is held. `held` is None if no room holds anything."""

    sku: str
    on_hand: int
    on_hand_by_ledger: int
    reserved: int
    reserved_by_ledger: int
    held: int | None = None

    def __str__(self) -> str:
        """A sentence for the report."""
        held = f", held {self.held}" if self.held is not None else ""
        return (
            f"{self.sku}: on hand {self.on_hand}, by the ledger {self.on_hand_by_ledger}; "
            f"reserved {self.reserved}, by the ledger {self.reserved_by_ledger}{held}"
        )


def find_differences(session: Session) -> list[Difference]:
    """Return every row that differs from its ledger or from what is held. One statement, so one moment."""
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
    query = select(StockItem.sku, StockItem.on_hand, on_hand, StockItem.reserved, reserved)
    query = query.outerjoin(moved, moved.c.sku == StockItem.sku).order_by(StockItem.sku)
    wrong = (StockItem.on_hand != on_hand) | (StockItem.reserved != reserved)
    rooms = held_quantities.fire()
    if not rooms:
        return [Difference(*row) for row in session.execute(query.where(wrong))]
    each = union_all(*rooms).subquery()
    sku, quantity = each.c
    together = select(sku.label("sku"), func.sum(quantity).label("held")).group_by(sku).subquery()
    held = func.coalesce(together.c.held, literal(0))
    query = query.add_columns(held).outerjoin(together, together.c.sku == StockItem.sku)
    rows = session.execute(query.where(wrong | (StockItem.reserved != held)))
    return [Difference(*row) for row in rows]


def repair(session: Session, skus: Collection[str]) -> list[Difference]:
    """Make these rows what the ledger says; where that does not agree with what is held, write it into the ledger.

    They are locked first and looked at again, since shoppers go on buying: what was mended is returned.
    """
    lock_available(session, skus)
    differences = [difference for difference in find_differences(session) if difference.sku in skus]
    for found in differences:
        on_hand = max(0, found.on_hand_by_ledger)
        wanted = found.reserved_by_ledger if found.held is None else found.held
        reserved = min(on_hand, max(0, wanted))
        session.execute(
            update(StockItem)
            .where(StockItem.sku == found.sku)
            .values(on_hand=on_hand, reserved=reserved, version=StockItem.version + 1)
        )
        correction = {
            "quantity": on_hand - found.on_hand_by_ledger,
            "reserved": reserved - found.reserved_by_ledger,
        }
        if any(correction.values()):
            entry = {
                "sku": found.sku,
                "kind": "adjusted",
                "reason": "audit",
                "actor": "flask stock audit --repair",
            }
            session.execute(insert(StockMovement), [entry | correction])
    return differences
