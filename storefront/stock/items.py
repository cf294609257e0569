"""Stock rows of variants that are added or removed, many at a time."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import delete, func, insert, select
from sqlalchemy.orm import Session

from storefront import deletions
from storefront.actors import actor_text
from storefront.batches import batches
from storefront.extensions import connection_of
from storefront.stock.ledger import Movement, apply_movements
from storefront.stock.models import StockItem, StockMovement

CHUNK = 500  # codes in one query


def add_items(session: Session, rows: Sequence[dict[str, Any]]) -> None:
    """Add stock rows; the ledger begins with what is on hand.

    A code may have a ledger already, of a variant that was removed: its movements count against the opening.

    Args:
        session: a session in a writing transaction.
        rows: with sku, variant_id, product_id, tracked and on_hand.
    """
    if not rows:
        return
    recorded = _recorded(session, [row["sku"] for row in rows])
    fixed = {"reserved": 0, "changed_by": actor_text()}
    values = [row | fixed | {"opening": row["on_hand"] - recorded.get(row["sku"], 0)} for row in rows]
    connection_of(session).execute(insert(StockItem), values)


def remove_items(session: Session, skus: Collection[str], *, reason: str, reference: str) -> None:
    """Remove stock rows of which nothing is reserved; the ledger says that nothing is on hand any more."""
    if not skus:
        return
    connection = connection_of(session)
    query = select(StockItem.sku, StockItem.on_hand).where(StockItem.sku.in_(skus), StockItem.on_hand != 0)
    movements = [
        Movement(row.sku, "adjusted", -row.on_hand, reference=reference, reason=reason)
        for row in connection.execute(query)
    ]
    for error in apply_movements(session, movements):
        raise error
    unreserved = delete(StockItem).where(StockItem.sku.in_(skus), StockItem.reserved == 0)
    removed = connection.execute(unreserved.returning(StockItem.id, StockItem.sku))
    deletions.record(connection, StockItem, [(row.id, row.sku) for row in removed])


def forget_items(session: Session, skus: Collection[str]) -> None:
    """Delete stock rows with their whole ledger: of variants that were an example only, such as the demo's."""
    connection = connection_of(session)
    for codes in batches(list(skus), CHUNK):
        removed = connection.execute(
            delete(StockItem).where(StockItem.sku.in_(codes)).returning(StockItem.id, StockItem.sku)
        )
        deletions.record(connection, StockItem, [(row.id, row.sku) for row in removed])
        connection.execute(delete(StockMovement).where(StockMovement.sku.in_(codes)))


def _recorded(session: Session, skus: Sequence[str]) -> dict[str, int]:
    """Return the sum of each code's movements; codes without movements are absent."""
    found: dict[str, int] = {}
    query = select(StockMovement.sku, func.sum(StockMovement.quantity)).group_by(StockMovement.sku)
    for codes in batches(skus, CHUNK):
        rows = connection_of(session).execute(query.where(StockMovement.sku.in_(codes)))
        found |= {row[0]: int(row[1]) for row in rows}
    return found
