"""The ledger: applies movements to stock rows, records them, and enqueues an event for each changed variant.

One conditional UPDATE changes the rows; then one INSERT writes the ledger and one the outbox. Nothing is read in
Python and written later: whether a row was changed is the answer. Rows are changed in the order of their SKUs, so
that two transactions cannot deadlock.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any, cast

from sqlalchemy import Row, Table, bindparam, insert, select
from sqlalchemy.orm import Session

from storefront import cache, outbox
from storefront.actors import actor_text
from storefront.app_state import Hook
from storefront.errors import StorefrontError
from storefront.extensions import connection_of
from storefront.shop_cache import keys
from storefront.stock.models import MovementKind, StockItem, StockMovement
from storefront.stock.public import StockLevel, badge_for, public_display
from storefront.stock.queries import combine_levels
from storefront.stock.row_changes import RowChange, change_rows

TOPIC = "stock.changed"
_ITEMS, _MOVEMENTS = cast("Table", StockItem.__table__), cast("Table", StockMovement.__table__)
_ROW = _ITEMS.c
_AVAILABLE = _ROW.on_hand - _ROW.reserved
# Built once and executed without the ORM's mapper, since every purchase waits for these statements.
_INSERT_MOVEMENT = insert(_MOVEMENTS)
_SELECT_LEVELS = select(
    _ROW.product_id, _ROW.sku, _ROW.tracked, _ROW.low_threshold, _AVAILABLE.label("available")
).where(_ROW.product_id.in_(bindparam("products", expanding=True)))
# Fired when a product sells out or can be bought again, inside the transaction, with the product's id.
availability_changed = Hook[[Session, int], None]("stock.availability_changed")


class UnknownSkuError(StorefrontError):
    """No stock row has this SKU."""

    status = 404

    def __init__(self, sku: str) -> None:
        super().__init__(f"There is no variant {sku!r} in stock.")
        self.sku = sku


class InsufficientStockError(StorefrontError):
    """Fewer are available than are wanted. The text does not say how many, since the public may read it.

    Attributes:
        sku: the variant's.
        wanted: how many are wanted.
        available: how many are available.
    """

    status = 409

    def __init__(self, sku: str, wanted: int, available: int) -> None:
        super().__init__(f"There are fewer than {wanted} of {sku} in stock.")
        self.sku, self.wanted, self.available = sku, wanted, available


class StockChangedError(StorefrontError):
    """The stock is no longer what the caller saw; nothing was changed.

    Attributes:
        expected: what the caller saw.
        now: what it is now.
    """

    status = 409

    def __init__(self, expected: int, now: int) -> None:
        super().__init__(
            f"The stock has changed meanwhile: it was {expected}, now it is {now}. Look at it and set it again."
        )
        self.expected, self.now = expected, now


@dataclass(frozen=True, slots=True)
class Movement:
    """A change of one variant's stock: what to add to (or subtract from) `on_hand` and `reserved`.

    `actor` is who makes it, by default the current actor; `seen` is what must be on hand before, if that matters.
    """

    sku: str
    kind: MovementKind
    on_hand: int = 0
    reserved: int = 0
    reference: str = ""
    actor: str = ""
    reason: str = ""
    seen: int | None = None


def apply_movements(session: Session, movements: Sequence[Movement]) -> list[InsufficientStockError]:
    """Apply movements, record them in the ledger and enqueue their events; return an error for each rejected one.

    If any is rejected, the ledger and the outbox stay as they are, and the caller must raise an error, so that the
    transaction undoes the others.

    Raises:
        UnknownSkuError: a SKU has no stock row.
        StockChangedError: something else is on hand than a movement has seen.
    """
    applied: list[tuple[Movement, Any]] = []
    rejected = []
    connection = connection_of(session)
    for round_ in _rounds(movements):
        changes = [RowChange(each.sku, each.on_hand, each.reserved, each.seen) for each in round_]
        rows = change_rows(connection, changes)
        for movement in round_:
            row = rows.get(movement.sku)
            if row is None:
                rejected.append(_insufficient(session, movement))
            else:
                applied.append((movement, row))
    if applied and not rejected:
        connection.execute(_INSERT_MOVEMENT, [_movement_values(movement) for movement, _ in applied])
        _announce(session, applied)
    return rejected


def _rounds(movements: Sequence[Movement]) -> list[list[Movement]]:
    """Return the movements by SKU; of one SKU each round has one, since a statement changes a row once."""
    rounds: list[list[Movement]] = []
    for _, own in groupby(
        sorted(movements, key=lambda movement: movement.sku), lambda movement: movement.sku
    ):
        for place, movement in enumerate(own):
            rounds += [[]] if place == len(rounds) else []
            rounds[place].append(movement)
    return rounds


def _insufficient(session: Session, movement: Movement) -> InsufficientStockError:
    query = select(StockItem.on_hand, StockItem.on_hand - StockItem.reserved).where(
        StockItem.sku == movement.sku
    )
    found = session.execute(query).one_or_none()
    if found is None:
        raise UnknownSkuError(movement.sku)
    on_hand, available = found
    if movement.seen not in (None, on_hand):
        raise StockChangedError(movement.seen, on_hand)
    return InsufficientStockError(movement.sku, max(-movement.on_hand, movement.reserved), available)


def _movement_values(movement: Movement) -> dict[str, Any]:
    return {
        "sku": movement.sku,
        "kind": movement.kind,
        "quantity": movement.on_hand,
        "reserved": movement.reserved,
        "reason": movement.reason,
        "actor": movement.actor or actor_text(),
        "reference": movement.reference,
    }


def _announce(session: Session, applied: Sequence[tuple[Movement, Any]]) -> None:
    """Invalidate the pages whose text changes, and enqueue an event for each changed variant."""
    latest = {row.sku: row for _, row in applied}
    deltas: dict[str, int] = {}
    for movement, _ in applied:
        deltas[movement.sku] = deltas.get(movement.sku, 0) + movement.on_hand - movement.reserved
    products: dict[int, list[Any]] = {}
    for row in latest.values():
        products.setdefault(row.product_id, []).append(row)
    # Where all variants of a product have changed, these rows are all there is: only the others need a query.
    if larger := sorted({key for key, rows in products.items() if rows[0].variants > len(rows)}):
        products |= {product_id: [] for product_id in larger}
        for row in connection_of(session).execute(_SELECT_LEVELS, {"products": larger}):
            products[row.product_id].append(row)
    events = []
    for product_id, rows in products.items():
        after = {
            row.sku: StockLevel(row.available if row.tracked else None, row.low_threshold) for row in rows
        }
        before = after | {
            row.sku: StockLevel(row.available - deltas[row.sku], row.low_threshold)
            for row in rows
            if row.sku in deltas and row.tracked
        }
        _invalidate_pages(session, product_id, before, after)
        events += [
            _stock_event(row, after, rows, latest[row.sku].version) for row in rows if row.sku in latest
        ]
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
    row: Row[Any], levels: dict[str, StockLevel], rows: Sequence[Any], version: int
) -> dict[str, Any]:
    """Return the event for one changed variant (docs/live-stock.md).

    Args:
        row: the variant.
        levels: of all variants of the product, by SKU.
        rows: all variants of the product.
        version: the variant's.
    """
    event = {
        "product_id": row.product_id,
        "stock": sum(max(0, other.available) for other in rows),
        "timestamp": round(time.time(), 3),
        "sku": row.sku,
        "sku_stock": max(0, row.available),
        "band": levels[row.sku].band,
        "version": version,
    }
    return event if row.tracked else event | {"tracked": False}
