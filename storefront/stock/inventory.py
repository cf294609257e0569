"""Verbs on the stock of one variant. Each is one movement: applied if the row allows it, written down, told."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import select
from sqlalchemy.orm import Session

from storefront.errors import StorefrontError
from storefront.stock.ledger import Movement, UnknownSkuError, apply_movements
from storefront.stock.models import StockItem

MAX_ON_HAND = 2**31 - 1  # on hand: what a column holds


class StockNumberError(StorefrontError):
    """There cannot be so many; the text says how many there can be."""

    status = 422

    def __init__(self, most: int) -> None:
        super().__init__(f"Stock is a whole number from 0 to {most:,}.")


def check_on_hand(number: int, *, reserved: int = 0) -> None:
    """Raise StockNumberError if a variant cannot have so many besides what is reserved."""
    if not 0 <= number <= MAX_ON_HAND - reserved:
        raise StockNumberError(MAX_ON_HAND - reserved)


def set_on_hand(session: Session, sku: str, number: int, *, reason: str, actor: str) -> int:
    """Make what is on hand this number, but no less than is reserved; return what it is now."""
    check_on_hand(number)
    item = session.execute(
        select(StockItem.on_hand, StockItem.reserved).where(StockItem.sku == sku).with_for_update()
    ).one_or_none()
    if item is None:
        raise UnknownSkuError(sku)
    delta = max(number, item.reserved) - item.on_hand
    if delta:
        _apply(session, Movement(sku, "adjusted", on_hand=delta, reason=reason, actor=actor))
    return int(item.on_hand + delta)


def set_available(session: Session, sku: str, number: int, *, reason: str, actor: str) -> tuple[int, int]:
    """Make what can be bought this number, besides what is reserved; return the variant's and the product's id."""
    item = session.execute(
        select(StockItem).where(StockItem.sku == sku).with_for_update()
    ).scalar_one_or_none()
    if item is None:
        raise UnknownSkuError(sku)
    check_on_hand(number, reserved=item.reserved)
    if delta := number - item.available:
        _apply(session, Movement(sku, "adjusted", on_hand=delta, reason=reason, actor=actor))
    return item.variant_id, item.product_id


def receive(session: Session, sku: str, number: int, *, reason: str, actor: str) -> None:
    """Add what has come in."""
    _apply(session, Movement(sku, "received", on_hand=number, reason=reason, actor=actor))


def return_to_stock(
    session: Session, sku: str, number: int, *, reference: str, actor: str, reason: str = "cancelled"
) -> None:
    """Put back what an order had taken."""
    _apply(session, Movement(sku, "returned", number, 0, reference, actor, reason))


def reserve(session: Session, sku: str, number: int, *, reference: str, actor: str = "checkout") -> None:
    """Reserve a number of a variant; InsufficientStockError if there is less."""
    _apply(session, Movement(sku, "held", reserved=number, reference=reference, actor=actor))


def release(session: Session, sku: str, number: int, *, reference: str, actor: str = "checkout") -> None:
    """Give back what was reserved."""
    _apply(session, Movement(sku, "released", reserved=-number, reference=reference, actor=actor))


def sell(
    session: Session, sku: str, number: int, *, reference: str, reserved: int, actor: str = "checkout"
) -> None:
    """Take sold goods out of stock, of which `held` were reserved for this order."""
    _apply(session, Movement(sku, "sold", -number, -reserved, reference, actor))


def lock_available(session: Session, skus: Collection[str]) -> dict[str, int]:
    """Lock these rows, in SKU order, and return how many of each are not reserved.

    For what may be ordered beyond what there is: how many of it leave the stock has to be known, and to stay true.
    """
    rows = session.execute(
        select(StockItem.sku, StockItem.on_hand - StockItem.reserved)
        .where(StockItem.sku.in_(sorted(skus)))
        .order_by(StockItem.sku)
        .with_for_update()
    )
    return {sku: free for sku, free in rows}  # noqa: C416  # what is to become a dict are rows


def _apply(session: Session, movement: Movement) -> None:
    """Apply a movement; raise InsufficientStockError if what would be taken is not there."""
    for refused in apply_movements(session, [movement]):
        raise refused
