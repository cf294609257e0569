"""Changes of one variant's stock. Each applies one movement if the row allows it, and records and publishes it.

The ledger names the current actor (`storefront.actors`), unless the caller gives the text of another.
"""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import select
from sqlalchemy.orm import Session

from storefront.errors import StorefrontError
from storefront.stock.ledger import Movement, StockChangedError, UnknownSkuError, apply_movements
from storefront.stock.models import StockItem

MAX_ON_HAND = 2**31 - 1  # what the column holds


class StockNumberError(StorefrontError):
    """A number that stock cannot have; the text gives the range."""

    status = 422

    def __init__(self, most: int, what: str = "Stock", least: int = 0) -> None:
        super().__init__(f"{what} is a whole number from {least} to {most:,}.")


def check_on_hand(number: int, *, reserved: int = 0) -> None:
    """Check a number to set, which comes on top of what is reserved.

    Raises:
        StockNumberError: it is negative, or too large for the column.
    """
    if not 0 <= number <= MAX_ON_HAND - reserved:
        raise StockNumberError(MAX_ON_HAND - reserved)


def set_on_hand(
    session: Session, sku: str, number: int, *, reason: str, actor: str = "", expected: int | None = None
) -> int:
    """Set what is on hand, but to no less than is reserved; return what it is now.

    Args:
        session: the transaction.
        sku: the variant's code.
        number: what is on hand from now on.
        reason: why, for the ledger.
        actor: who, if not the current actor.
        expected: what the caller saw on hand, if that must not have changed since.

    Raises:
        StockNumberError: the number is out of range.
        StockChangedError: something else than `expected` is on hand.
        UnknownSkuError: the SKU has no stock row.
    """
    check_on_hand(number)
    item = session.execute(
        select(StockItem.on_hand, StockItem.reserved).where(StockItem.sku == sku).with_for_update()
    ).one_or_none()
    if item is None:
        raise UnknownSkuError(sku)
    _check_expected(expected, item.on_hand)
    delta = max(number, item.reserved) - item.on_hand
    if delta:
        _apply(session, Movement(sku, "adjusted", on_hand=delta, reason=reason, actor=actor))
    return int(item.on_hand + delta)


def set_available(
    session: Session, sku: str, number: int, *, reason: str, actor: str = "", expected: int | None = None
) -> tuple[int, int]:
    """Set what can be bought, on top of what is reserved; return the ids of the variant and of the product.

    The arguments are those of `set_on_hand`; `expected` is what the caller saw that could be bought.

    Raises:
        StockNumberError: the number is out of range.
        StockChangedError: something else than `expected` can be bought.
        UnknownSkuError: the SKU has no stock row.
    """
    item = session.execute(
        select(StockItem).where(StockItem.sku == sku).with_for_update()
    ).scalar_one_or_none()
    if item is None:
        raise UnknownSkuError(sku)
    _check_expected(expected, item.available)
    check_on_hand(number, reserved=item.reserved)
    if delta := number - item.available:
        _apply(session, Movement(sku, "adjusted", on_hand=delta, reason=reason, actor=actor))
    return item.variant_id, item.product_id


def receive(session: Session, sku: str, number: int, *, reason: str, actor: str = "") -> StockItem:
    """Add a delivery; return the stock row as it is now.

    Raises:
        StockNumberError: the number is not positive, or more than the column holds.
        UnknownSkuError: the SKU has no stock row.
    """
    wanted = select(StockItem).where(StockItem.sku == sku).execution_options(populate_existing=True)
    item = session.execute(wanted.with_for_update()).scalar_one_or_none()
    if item is None:
        raise UnknownSkuError(sku)
    if not 1 <= number <= MAX_ON_HAND - item.on_hand:
        raise StockNumberError(MAX_ON_HAND - item.on_hand, "A delivery", 1)
    _apply(session, Movement(sku, "received", on_hand=number, reason=reason, actor=actor))
    session.refresh(item)
    return item


def return_to_stock(
    session: Session, sku: str, number: int, *, reference: str, actor: str = "", reason: str = "cancelled"
) -> None:
    """Add goods of a cancelled order, which were sold before."""
    _apply(session, Movement(sku, "returned", number, 0, reference, actor, reason))


def reserve(session: Session, sku: str, number: int, *, reference: str, actor: str = "") -> None:
    """Reserve some of what is available.

    Raises:
        InsufficientStockError: fewer are available.
    """
    _apply(session, Movement(sku, "held", reserved=number, reference=reference, actor=actor))


def release(session: Session, sku: str, number: int, *, reference: str, actor: str = "") -> None:
    """Make available again what was reserved."""
    _apply(session, Movement(sku, "released", reserved=-number, reference=reference, actor=actor))


def sell(session: Session, sku: str, number: int, *, reference: str, reserved: int, actor: str = "") -> None:
    """Subtract sold goods from what is on hand; `reserved` of them had been reserved for this order.

    Raises:
        InsufficientStockError: fewer are available.
    """
    _apply(session, Movement(sku, "sold", -number, -reserved, reference, actor))


def lock_available(session: Session, skus: Collection[str]) -> dict[str, int]:
    """Lock these rows, in the order of their SKUs, and return how many of each are available.

    Needed for backorders: how many of the ordered goods are taken from stock depends on this number, which the lock
    keeps true until the end of the transaction.
    """
    rows = session.execute(
        select(StockItem.sku, StockItem.on_hand - StockItem.reserved)
        .where(StockItem.sku.in_(sorted(skus)))
        .order_by(StockItem.sku)
        .with_for_update()
    )
    return {sku: available for sku, available in rows}  # noqa: C416  # dict() does not accept rows for the type checker


def _check_expected(expected: int | None, now: int) -> None:
    if expected is not None and expected != now:
        raise StockChangedError(expected, now)


def _apply(session: Session, movement: Movement) -> None:
    """Apply one movement.

    Raises:
        InsufficientStockError: fewer are available.
        UnknownSkuError: the SKU has no stock row.
    """
    for error in apply_movements(session, [movement]):
        raise error
