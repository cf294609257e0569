"""Movements of stock: for each row one conditional statement, then one each for the ledger and the promised news.

Nothing is looked at in Python and written later: the count of changed rows is the answer. Rows are taken in SKU
order, so that nobody deadlocks.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast

from sqlalchemy import Integer, Row, Table, bindparam, insert, literal_column, select, update
from sqlalchemy.orm import Session

from storefront import cache, outbox
from storefront.cache import keys
from storefront.errors import StorefrontError
from storefront.extensions import connection_of
from storefront.hooks import Hook
from storefront.stock.models import MovementKind, StockItem, StockMovement
from storefront.stock.public import StockLevel, badge_for, public_display
from storefront.stock.queries import combine_levels

TOPIC = "stock.changed"
_ITEMS, _MOVEMENTS = cast("Table", StockItem.__table__), cast("Table", StockMovement.__table__)
_ROW = _ITEMS.c
# Built once, and sent past the mapper: these are the statements that everybody who buys waits for.
# A row changes if that leaves no less than nothing: of what nobody else holds, of what is on hand, of what is held.
_DELTA, _RESERVED_DELTA = bindparam("delta", type_=Integer()), bindparam("more", type_=Integer())
_AVAILABLE_DELTA = _DELTA - _RESERVED_DELTA
_AVAILABLE = _ROW.on_hand - _ROW.reserved
# As text, since SQLAlchemy takes the tables' names from what SQLite returns, and then this would mean another thing.
_VARIANTS = literal_column(
    "(SELECT count(*) FROM stock_item AS other WHERE other.product_id = stock_item.product_id)", Integer()
).label("variants")
_APPLY = (
    update(_ITEMS)
    .where(
        _ROW.sku == bindparam("of_sku"),
        (_AVAILABLE + _AVAILABLE_DELTA >= 0) | (_AVAILABLE_DELTA >= 0) | ~_ROW.tracked,
        _ROW.on_hand + _DELTA >= 0,
        _ROW.reserved + _RESERVED_DELTA >= 0,
    )
    .values(on_hand=_ROW.on_hand + _DELTA, reserved=_ROW.reserved + _RESERVED_DELTA, version=_ROW.version + 1)
    .returning(
        _ROW.product_id, _ROW.sku, _ROW.version, _ROW.tracked, _ROW.low_threshold, _AVAILABLE.label("left"),
        _VARIANTS,
    )
)  # fmt: skip
_INSERT_MOVEMENT = insert(_MOVEMENTS)
_SELECT_LEVELS = select(
    _ROW.product_id, _ROW.sku, _ROW.tracked, _ROW.low_threshold, _AVAILABLE.label("left")
).where(_ROW.product_id.in_(bindparam("products", expanding=True)))
# Fired when a product sells out or can be bought again, inside the transaction, with the product's id.
availability_changed = Hook[[Session, int], None]("stock.availability_changed")


class UnknownSkuError(StorefrontError):
    """There is no stock under this SKU."""

    status = 404

    def __init__(self, sku: str) -> None:
        super().__init__(f"There is no variant {sku!r} in stock.")
        self.sku = sku


class InsufficientStockError(StorefrontError):
    """There is less than is wanted.

    Attributes:
        sku: of the variant.
        wanted: how many.
        available: how many there are.
    """

    status = 409

    def __init__(self, sku: str, wanted: int, available: int) -> None:
        super().__init__(f"{wanted} of {sku} are wanted, {available} can be had.")
        self.sku, self.wanted, self.available = sku, wanted, available


@dataclass(frozen=True, slots=True)
class Movement:
    """What is to be added to (or taken from) what is on hand, and what is reserved, of a variant."""

    sku: str
    kind: MovementKind
    on_hand: int = 0
    reserved: int = 0
    reference: str = ""
    actor: str = ""
    reason: str = ""


def apply_movements(session: Session, movements: Sequence[Movement]) -> list[InsufficientStockError]:
    """Apply what the rows allow, write it down, and promise to tell it; return what they did not allow.

    If anything is returned, the caller undoes the rest by ending the transaction with an error.

    Raises:
        UnknownSkuError: there is no such row.
    """
    moved: list[tuple[Movement, Any]] = []
    refused = []
    connection = connection_of(session)
    for movement in sorted(movements, key=lambda movement: movement.sku):
        changes = {"of_sku": movement.sku, "delta": movement.on_hand, "more": movement.reserved}
        row = connection.execute(_APPLY, changes).one_or_none()
        if row is None:
            refused.append(_insufficient(session, movement))
        else:
            moved.append((movement, row))
    if moved and not refused:
        connection.execute(_INSERT_MOVEMENT, [_movement_values(movement) for movement, _ in moved])
        _announce(session, moved)
    return refused


def _insufficient(session: Session, movement: Movement) -> InsufficientStockError:
    left = select(StockItem.on_hand - StockItem.reserved).where(StockItem.sku == movement.sku)
    available = session.execute(left).scalar_one_or_none()
    if available is None:
        raise UnknownSkuError(movement.sku)
    return InsufficientStockError(movement.sku, max(-movement.on_hand, movement.reserved), available)


def _movement_values(movement: Movement) -> dict[str, Any]:
    return {
        "sku": movement.sku, "kind": movement.kind, "quantity": movement.on_hand, "reserved": movement.reserved,
        "reason": movement.reason, "actor": movement.actor, "reference": movement.reference,
    }  # fmt: skip


def _announce(session: Session, moved: Sequence[tuple[Movement, Any]]) -> None:
    """Drop the pages whose printed text this alters, and promise the events."""
    latest = {row.sku: row for _, row in moved}
    deltas: dict[str, int] = {}
    for movement, _ in moved:
        deltas[movement.sku] = deltas.get(movement.sku, 0) + movement.on_hand - movement.reserved
    products: dict[int, list[Any]] = {row.product_id: [row] for row in latest.values()}
    # What is the only variant of its product has been seen as it was changed.
    if larger := sorted({row.product_id for row in latest.values() if row.variants > 1}):
        products |= {product_id: [] for product_id in larger}
        for row in connection_of(session).execute(_SELECT_LEVELS, {"products": larger}):
            products[row.product_id].append(row)
    events = []
    for product_id, own in products.items():
        after = {row.sku: StockLevel(row.left if row.tracked else None, row.low_threshold) for row in own}
        before = after | {
            row.sku: StockLevel(row.left - deltas[row.sku], row.low_threshold)
            for row in own
            if row.sku in deltas and row.tracked
        }
        _invalidate_pages(session, product_id, before, after)
        events += [_stock_event(row, after, own, latest[row.sku].version) for row in own if row.sku in latest]
    outbox.enqueue(session, TOPIC, *events)


def _invalidate_pages(
    session: Session, product_id: int, before: dict[str, StockLevel], after: dict[str, StockLevel]
) -> None:
    display = public_display()
    cause = f"stock of {', '.join(sku for sku in after if after[sku] != before[sku])}"
    if any(badge_for(after[sku], display) != badge_for(before[sku], display) for sku in after):
        cache.invalidate_on_commit(session, keys.product_tag(product_id), cause=cause)
    bands = {combine_levels(list(levels.values())).band for levels in (before, after)}
    if len(bands) > 1:
        cache.invalidate_on_commit(session, keys.card_tag(product_id), cause=cause)
        if "out" in bands:
            availability_changed.fire(session, product_id)


def _stock_event(
    row: Row[Any], levels: dict[str, StockLevel], own: Sequence[Any], version: int
) -> dict[str, Any]:
    """Return the stock event of docs/interface: one changed variant."""
    return {
        "product_id": row.product_id, "stock": sum(max(0, other.left) for other in own),
        "timestamp": round(time.time(), 3), "sku": row.sku, "sku_stock": max(0, row.left),
        "band": levels[row.sku].band, "version": version,
    }  # fmt: skip
