"""Every change of stock: one conditional statement each, written in the ledger, told after the commit.

Nothing is looked at in Python and written later: the count of changed rows is the answer. Who changes several SKUs
in one transaction takes them in order, so that nobody deadlocks.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from flask import Flask, current_app
from sqlalchemy import ColumnElement, insert, select, update
from sqlalchemy.orm import Session

from storefront import cache, outbox
from storefront.cache import keys
from storefront.errors import StorefrontError
from storefront.stock.models import Kind, StockItem, StockMovement
from storefront.stock.queries import Level, badge, together

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


def on_availability(app: Flask, listener: Listener) -> None:
    """Call this when the first or the last of a product goes or comes, with the session and the product's id."""
    app.extensions.setdefault("stock_availability", []).append(listener)


def set_on_hand(session: Session, sku: str, number: int, *, reason: str, actor: str) -> int:
    """Make what is on hand this number, but no less than is reserved; return what it is now."""
    if not 0 <= number < 2**31:
        raise StorefrontError("Stock is a whole number from 0.")
    item = session.execute(
        select(StockItem.on_hand, StockItem.reserved).where(StockItem.sku == sku).with_for_update()
    ).one_or_none()
    if item is None:
        raise UnknownSkuError(sku)
    delta = max(number, item.reserved) - item.on_hand
    if delta:
        _change(session, sku, "adjusted", on_hand=delta, reason=reason, actor=actor)
    return int(item.on_hand + delta)


def receive(session: Session, sku: str, number: int, *, reason: str, actor: str) -> None:
    """Add what has come in."""
    _change(session, sku, "received", on_hand=number, reason=reason, actor=actor)


def give_back(
    session: Session, sku: str, number: int, *, reference: str, actor: str, reason: str = "cancelled"
) -> None:
    """Put back what an order had taken."""
    _change(session, sku, "returned", on_hand=number, reference=reference, reason=reason, actor=actor)


def hold(session: Session, sku: str, number: int, *, reference: str, actor: str = "checkout") -> None:
    """Reserve a number of a variant; InsufficientStockError if there is less."""
    _change(session, sku, "held", reserved=number, reference=reference, actor=actor)


def release(session: Session, sku: str, number: int, *, reference: str, actor: str = "checkout") -> None:
    """Give back what was reserved."""
    _change(session, sku, "released", reserved=-number, reference=reference, actor=actor)


def sell(
    session: Session, sku: str, number: int, *, reference: str, held: int, actor: str = "checkout"
) -> None:
    """Take sold goods out of stock, of which `held` were reserved for this order."""
    _change(session, sku, "sold", on_hand=-number, reserved=-held, reference=reference, actor=actor)


def sell_available(session: Session, sku: str, number: int, *, reference: str, held: int = 0) -> int:
    """Take as many of these as there are (none of them reserved by others) out of stock; return how many.

    For what may be ordered beyond what there is. The row is locked while it is looked at.
    """
    free = select(StockItem.on_hand - StockItem.reserved).where(StockItem.sku == sku).with_for_update()
    there = session.execute(free).scalar_one_or_none()
    if there is None:
        raise UnknownSkuError(sku)
    taken = max(0, min(number, there + held))
    if taken or held:
        sell(session, sku, taken, reference=reference, held=held)
    return taken


def _change(
    session: Session, sku: str, kind: Kind, *, on_hand: int = 0, reserved: int = 0,
    reason: str = "", actor: str, reference: str = "",
) -> None:  # fmt: skip
    """Apply a movement if the row allows it, write it down, and promise to tell it.

    Raises:
        UnknownSkuError: there is no such row.
        InsufficientStockError: what would be taken is not there.
    """
    changed = session.execute(
        update(StockItem)
        .where(StockItem.sku == sku, *_allowed(on_hand, reserved))
        .values(
            on_hand=StockItem.on_hand + on_hand,
            reserved=StockItem.reserved + reserved,
            version=StockItem.version + 1,
        )
        .returning(StockItem)
        .execution_options(synchronize_session=False, populate_existing=True)
    ).scalar_one_or_none()
    if changed is None:
        left = select(StockItem.on_hand - StockItem.reserved).where(StockItem.sku == sku)
        available = session.execute(left).scalar_one_or_none()
        if available is None:
            raise UnknownSkuError(sku)
        raise InsufficientStockError(sku, max(-on_hand, reserved), available)
    movement = {"sku": sku, "kind": kind, "quantity": on_hand, "reserved": reserved}
    session.execute(
        insert(StockMovement), [movement | {"reason": reason, "actor": actor, "reference": reference}]
    )
    tell(session, changed, on_hand - reserved)


def _allowed(on_hand: int, reserved: int) -> list[ColumnElement[bool]]:
    """Return when a row may change so: never less than nothing, never more held than there is."""
    conditions: list[ColumnElement[bool]] = []
    if on_hand - reserved < 0:
        conditions.append((StockItem.on_hand - StockItem.reserved >= reserved - on_hand) | ~StockItem.tracked)
    if on_hand < 0:
        conditions.append(StockItem.on_hand >= -on_hand)
    if reserved < 0:
        conditions.append(StockItem.reserved >= -reserved)
    return conditions


def tell(session: Session, item: StockItem, delta: int) -> None:
    """Drop the pages whose printed text this change alters, and promise the event.

    Args:
        session: of the transaction.
        item: the row as it is now.
        delta: by how much what can be bought has changed.
    """
    rows = session.execute(
        select(StockItem.sku, StockItem.tracked, StockItem.on_hand - StockItem.reserved, StockItem.low_threshold)
        .where(StockItem.product_id == item.product_id)
    ).all()  # fmt: skip
    levels = {sku: Level(left if tracked else None, low) for sku, tracked, left, low in rows}
    own, product = levels[item.sku], together(list(levels.values()))
    own_before = Level(item.available - delta if item.tracked else None, item.low_threshold)
    product_before = together(list((levels | {item.sku: own_before}).values()))
    total = sum(max(0, left) for _, _, left, _ in rows)
    display = current_app.config["STOCK_DISPLAY"]
    if badge(own, display) != badge(own_before, display):
        cache.touch(session, keys.product_tag(item.product_id), cause=f"stock of {item.sku}")
    if product.band != product_before.band:
        cache.touch(session, keys.card_tag(item.product_id), cause=f"stock of {item.sku}")
        if "out" in (product.band, product_before.band):
            for listener in current_app.extensions.get("stock_availability", ()):
                listener(session, item.product_id)
    outbox.promise(session, TOPIC, _event(item, own, total))


def _event(item: StockItem, own: Level, total: int) -> dict[str, Any]:
    """Return the stock event of docs/interface: one changed variant."""
    return {
        "product_id": item.product_id, "stock": total, "timestamp": round(time.time(), 3), "sku": item.sku,
        "sku_stock": max(0, item.available), "band": own.band, "version": item.version,
    }  # fmt: skip
