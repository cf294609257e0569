"""Corrections that staff make beside deliveries and counts: goods that are gone, and the low threshold."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from storefront.errors import StorefrontError
from storefront.stock.inventory import MAX_ON_HAND, StockNumberError
from storefront.stock.ledger import InsufficientStockError, Movement, UnknownSkuError, apply_movements
from storefront.stock.models import StockItem


class ThresholdChangedError(StorefrontError):
    """Somebody else has changed the low threshold since the caller saw it; nothing was changed."""

    status = 409

    def __init__(self, expected: int, now: int) -> None:
        super().__init__(f"The low threshold has changed meanwhile: it was {expected}, now it is {now}.")
        self.expected, self.now = expected, now


def subtract(session: Session, sku: str, number: int, *, reason: str) -> int:
    """Subtract goods that are broken, lost or given away; return what is on hand now.

    Raises:
        StockNumberError: the number is not positive.
        InsufficientStockError: fewer than that are on hand and not reserved.
        UnknownSkuError: the SKU has no stock row.
    """
    item = _lock(session, sku)
    if number < 1:
        raise StockNumberError(MAX_ON_HAND, "A correction", 1)
    if number > item.available:
        raise InsufficientStockError(sku, number, item.available)
    _record(session, Movement(sku, "adjusted", on_hand=-number, reason=reason))
    return item.on_hand - number


def set_low_threshold(session: Session, sku: str, number: int, *, expected: int | None = None) -> None:
    """Set the number at which the stock counts as low. A line of the ledger says who did it; it changes no stock.

    Args:
        session: the transaction.
        sku: the variant's code.
        number: the threshold from now on.
        expected: the threshold that the caller saw, if that must not have changed since.

    Raises:
        StockNumberError: the number is out of range.
        ThresholdChangedError: the threshold is not `expected`.
        UnknownSkuError: the SKU has no stock row.
    """
    if not 0 <= number <= MAX_ON_HAND:
        raise StockNumberError(MAX_ON_HAND, "The low threshold")
    item = _lock(session, sku)
    before = item.low_threshold
    if expected is not None and expected != before:
        raise ThresholdChangedError(expected, before)
    if number == before:
        return
    item.low_threshold = number
    session.flush()
    # The movement adds nothing: it makes a newer version of the row, and sends that to open pages.
    _record(session, Movement(sku, "adjusted", reason=f"low threshold {number} (was {before})"))


def _lock(session: Session, sku: str) -> StockItem:
    wanted = select(StockItem).where(StockItem.sku == sku).execution_options(populate_existing=True)
    item = session.execute(wanted.with_for_update()).scalar_one_or_none()
    if item is None:
        raise UnknownSkuError(sku)
    return item


def _record(session: Session, movement: Movement) -> None:
    for error in apply_movements(session, [movement]):
        raise error
    session.expire_all()
