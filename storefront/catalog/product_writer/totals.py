"""The price and stock of a whole product, applied to its variants."""

from __future__ import annotations

from sqlalchemy.orm import Session

from storefront import stock
from storefront.catalog.product_writer.locked_product import LockedProduct
from storefront.catalog.product_writer.product_edit import EditFault, ProductEdit, ProductRefusedError
from storefront.stock import Movement, inventory
from storefront.stock.ledger import StockChangedError


def apply_totals(loaded: LockedProduct, edit: ProductEdit) -> None:
    """Apply the price and stock of the whole product: they are those of its only variant.

    With several variants they may only repeat the lowest price and the sum of the stock.

    Raises:
        ProductRefusedError: 422, they contradict the variants.
    """
    skus = list(loaded.variants)
    if edit.available is not None:
        now = [loaded.new_stock.get(sku, loaded.available(sku)) for sku in skus]
        total = None if None in now else sum(n for n in now if n is not None)
        before = [loaded.available(sku) for sku in skus]
        unchanged = None not in before and sum(n or 0 for n in before) == edit.available
        if edit.available != total and not unchanged:
            if len(skus) > 1 or loaded.new_stock.get(skus[0], loaded.available(skus[0])) != loaded.available(
                skus[0]
            ):
                fault = EditFault("Set the stock of each variant.", "/stock")
                raise ProductRefusedError(422, "The stock disagrees with that of the variants.", fault)
            loaded.new_stock[skus[0]] = edit.available
    if edit.price is not None:
        lowest = min(v.price for v in loaded.variants.values())
        if edit.price not in (lowest, loaded.row.price):
            only = loaded.variants[skus[0]]
            if len(skus) > 1 or only.price != loaded.row.price:
                fault = EditFault("Set the price of each variant.", "/price")
                raise ProductRefusedError(422, "The price disagrees with those of the variants.", fault)
            only.price = edit.price


def apply_stock(session: Session, loaded: LockedProduct, reason: str) -> None:
    """Adjust the stock to the wanted numbers.

    Raises:
        StockChangedError: something else is on hand than the editor saw.
        InsufficientStockError: more is reserved than would remain.
        StockNumberError: the number is too large.
    """
    movements, counted = [], False
    for sku, expected in loaded.expected.items():
        if expected != loaded.items[sku].on_hand:
            raise StockChangedError(expected, loaded.items[sku].on_hand)
    for sku, number in sorted(loaded.new_stock.items()):
        item = loaded.items[sku]
        inventory.check_on_hand(number, reserved=item.reserved)
        if not item.tracked:
            item.tracked, item.version, counted = True, item.version + 1, True
        if delta := number - item.available:
            seen = loaded.expected.get(sku)
            movements.append(Movement(sku, "adjusted", on_hand=delta, reason=reason, seen=seen))
    if counted:
        session.flush()
    for refused in stock.apply_movements(session, movements) if movements else ():
        raise refused
