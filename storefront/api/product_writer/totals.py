"""The price and stock of a whole product, applied to its variants."""

from __future__ import annotations

from sqlalchemy.orm import Session

from storefront import stock
from storefront.api.problems import ProblemError
from storefront.api.product_writer.locked_product import LockedProduct
from storefront.api.schemas import Fault, ProductPatch, ProductPut
from storefront.stock import Movement, inventory


def apply_totals(loaded: LockedProduct, body: ProductPut | ProductPatch) -> None:
    """Apply the price and stock of the whole product: they are those of its only variant.

    With several variants they may only repeat the lowest price and the sum of the stock.

    Raises:
        ProblemError: 422, they contradict the variants.
    """
    skus = list(loaded.variants)
    if body.stock is not None:
        now = [loaded.new_stock.get(sku, loaded.available(sku)) for sku in skus]
        total = None if None in now else sum(n for n in now if n is not None)
        before = [loaded.available(sku) for sku in skus]
        unchanged = None not in before and sum(n or 0 for n in before) == body.stock
        if body.stock != total and not unchanged:
            if len(skus) > 1 or loaded.new_stock.get(skus[0], loaded.available(skus[0])) != loaded.available(
                skus[0]
            ):
                fault = Fault("Set the stock of each variant.", "/stock")
                raise ProblemError(422, "The stock disagrees with that of the variants.", fault)
            loaded.new_stock[skus[0]] = body.stock
    if body.price is not None:
        lowest = min(v.price for v in loaded.variants.values())
        if body.price.amount not in (lowest, loaded.row.price):
            only = loaded.variants[skus[0]]
            if len(skus) > 1 or only.price != loaded.row.price:
                fault = Fault("Set the price of each variant.", "/price")
                raise ProblemError(422, "The price disagrees with those of the variants.", fault)
            only.price = body.price.amount


def apply_stock(session: Session, loaded: LockedProduct) -> None:
    """Adjust the stock to the wanted numbers.

    Raises:
        InsufficientStockError: more is reserved than would remain.
        StockNumberError: the number is too large.
    """
    movements = []
    for sku, number in sorted(loaded.new_stock.items()):
        item = loaded.items[sku]
        inventory.check_on_hand(number, reserved=item.reserved)
        if not item.tracked:
            item.tracked, item.version = True, item.version + 1
            session.flush()
        if delta := number - item.available:
            movements.append(Movement(sku, "adjusted", on_hand=delta, reason="API"))
    for refused in stock.apply_movements(session, movements) if movements else ():
        raise refused
