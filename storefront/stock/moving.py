"""Movements of stock: for each row one conditional statement, then one each for the ledger and the promised news.

Nothing is looked at in Python and written later: the count of changed rows is the answer. Rows are taken in SKU
order, so that nobody deadlocks.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, cast

from flask import Flask, current_app
from sqlalchemy import ColumnElement, Row, Table, insert, select, update
from sqlalchemy.orm import Session

from storefront import cache, outbox
from storefront.cache import keys
from storefront.errors import StorefrontError
from storefront.stock.models import Kind, StockItem, StockMovement
from storefront.stock.queries import Level, badge, together

# Written past the mapper: these are the statements that everybody who buys waits for.
_ITEMS, _LEDGER = cast("Table", StockItem.__table__), cast("Table", StockMovement.__table__)

TOPIC = "stock.changed"
# What a room above does when a product sells out or comes back, inside the same transaction.
Listener = Callable[[Session, int], None]


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
    kind: Kind
    on_hand: int = 0
    reserved: int = 0
    reference: str = ""
    actor: str = ""
    reason: str = ""


def on_availability(app: Flask, listener: Listener) -> None:
    """Call this when the first or the last of a product goes or comes, with the session and the product's id."""
    app.extensions.setdefault("stock_availability", []).append(listener)


def move(session: Session, movements: Sequence[Movement]) -> list[InsufficientStockError]:
    """Apply what the rows allow, write it down, and promise to tell it; return what they did not allow.

    If anything is returned, the caller undoes the rest by ending the transaction with an error.

    Raises:
        UnknownSkuError: there is no such row.
    """
    moved: list[tuple[Movement, Any]] = []
    refused = []
    for movement in sorted(movements, key=lambda movement: movement.sku):
        row = session.execute(_statement(movement)).one_or_none()
        if row is None:
            refused.append(_refusal(session, movement))
        else:
            moved.append((movement, row))
    if moved and not refused:
        session.execute(insert(_LEDGER), [_written(movement) for movement, _ in moved])
        _tell(session, moved)
    return refused


def _statement(movement: Movement) -> Any:
    row = _ITEMS.c
    return (
        update(_ITEMS)
        .where(row.sku == movement.sku, *_allowed(row, movement.on_hand, movement.reserved))
        .values(
            on_hand=row.on_hand + movement.on_hand,
            reserved=row.reserved + movement.reserved,
            version=row.version + 1,
        )
        .returning(row.product_id, row.version)
    )


def _allowed(row: Any, on_hand: int, reserved: int) -> list[ColumnElement[bool]]:
    """Return when a row may change so: never less than nothing, never more held than there is."""
    conditions: list[ColumnElement[bool]] = []
    if on_hand - reserved < 0:
        conditions.append((row.on_hand - row.reserved >= reserved - on_hand) | ~row.tracked)
    if on_hand < 0:
        conditions.append(row.on_hand >= -on_hand)
    if reserved < 0:
        conditions.append(row.reserved >= -reserved)
    return conditions


def _refusal(session: Session, movement: Movement) -> InsufficientStockError:
    left = select(StockItem.on_hand - StockItem.reserved).where(StockItem.sku == movement.sku)
    available = session.execute(left).scalar_one_or_none()
    if available is None:
        raise UnknownSkuError(movement.sku)
    return InsufficientStockError(movement.sku, max(-movement.on_hand, movement.reserved), available)


def _written(movement: Movement) -> dict[str, Any]:
    return {
        "sku": movement.sku, "kind": movement.kind, "quantity": movement.on_hand, "reserved": movement.reserved,
        "reason": movement.reason, "actor": movement.actor, "reference": movement.reference,
    }  # fmt: skip


def _tell(session: Session, moved: Sequence[tuple[Movement, Any]]) -> None:
    """Drop the pages whose printed text this alters, and promise the events."""
    versions = {movement.sku: row.version for movement, row in moved}
    deltas: dict[str, int] = {}
    for movement, _ in moved:
        deltas[movement.sku] = deltas.get(movement.sku, 0) + movement.on_hand - movement.reserved
    rows = session.execute(
        select(
            StockItem.product_id, StockItem.sku, StockItem.tracked, StockItem.low_threshold,
            (StockItem.on_hand - StockItem.reserved).label("left"),
        ).where(StockItem.product_id.in_(sorted({row.product_id for _, row in moved})))
    ).all()  # fmt: skip
    products: dict[int, list[Any]] = {}
    for row in rows:
        products.setdefault(row.product_id, []).append(row)
    events = []
    for product_id, own in products.items():
        after = {row.sku: Level(row.left if row.tracked else None, row.low_threshold) for row in own}
        before = after | {
            row.sku: Level(row.left - deltas[row.sku], row.low_threshold)
            for row in own
            if row.sku in deltas and row.tracked
        }
        _drop(session, product_id, before, after)
        events += [_event(row, after, own, versions[row.sku]) for row in own if row.sku in versions]
    outbox.promise(session, TOPIC, *events)


def _drop(session: Session, product_id: int, before: dict[str, Level], after: dict[str, Level]) -> None:
    display = current_app.config["STOCK_DISPLAY"]
    cause = f"stock of {', '.join(sku for sku in after if after[sku] != before[sku])}"
    if any(badge(after[sku], display) != badge(before[sku], display) for sku in after):
        cache.touch(session, keys.product_tag(product_id), cause=cause)
    bands = {together(list(levels.values())).band for levels in (before, after)}
    if len(bands) > 1:
        cache.touch(session, keys.card_tag(product_id), cause=cause)
        if "out" in bands:
            for listener in current_app.extensions.get("stock_availability", ()):
                listener(session, product_id)


def _event(row: Row[Any], levels: dict[str, Level], own: Sequence[Any], version: int) -> dict[str, Any]:
    """Return the stock event of docs/interface: one changed variant."""
    return {
        "product_id": row.product_id, "stock": sum(max(0, other.left) for other in own),
        "timestamp": round(time.time(), 3), "sku": row.sku, "sku_stock": max(0, row.left),
        "band": levels[row.sku].band, "version": version,
    }  # fmt: skip
