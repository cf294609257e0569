"""The price and stock of a whole product, applied to its variants."""

from __future__ import annotations

from sqlalchemy.orm import Session

from storefront import stock
from storefront.api.problems import ProblemError
from storefront.api.product_writer.locked_product import LockedProduct
from storefront.api.schemas import Fault, ProductPatch, ProductPut
from storefront.api.tokens import Caller
from storefront.stock import Movement, inventory


def apply_totals(loaded: LockedProduct, given: ProductPut | ProductPatch) -> None:
    """Apply the price and stock of the whole product: they are those of its only variant.

    With several variants they may only repeat the lowest price and the sum of the stock.

    Raises:
        ProblemError: 422, they contradict the variants.
    """
    skus = list(loaded.variants)
    if given.stock is not None:
        now = [loaded.wanted.get(sku, loaded.available(sku)) for sku in skus]
        known = None if None in now else sum(n for n in now if n is not None)
        before = [loaded.available(sku) for sku in skus]
        unchanged = None not in before and sum(n or 0 for n in before) == given.stock
        if given.stock != known and not unchanged:
            if len(skus) > 1 or loaded.wanted.get(skus[0], loaded.available(skus[0])) != loaded.available(
                skus[0]
            ):
                fault = Fault("Set the stock of each variant.", "/stock")
                raise ProblemError(422, "The stock disagrees with that of the variants.", fault)
            loaded.wanted[skus[0]] = given.stock
    if given.price is not None:
        lowest = min(v.price for v in loaded.variants.values())
        if given.price.amount not in (lowest, loaded.row.price):
            only = loaded.variants[skus[0]]
            if len(skus) > 1 or only.price != loaded.row.price:
                fault = Fault("Set the price of each variant.", "/price")
                raise ProblemError(422, "The price disagrees with those of the variants.", fault)
            only.price = given.price.amount


def apply_stock(session: Session, loaded: LockedProduct, caller: Caller) -> None:
    """Adjust the stock to the wanted numbers, with the caller as the actor in the ledger.

    Raises:
        InsufficientStockError: more is reserved than would remain.
        StockNumberError: the number is too large.
    """
    movements = []
    for sku, number in sorted(loaded.wanted.items()):
        item = loaded.items[sku]
        inventory.check_on_hand(number, reserved=item.reserved)
        if not item.tracked:
            item.tracked, item.version = True, item.version + 1
            session.flush()
        if delta := number - item.available:
            movements.append(Movement(sku, "adjusted", on_hand=delta, actor=caller.actor, reason="API"))
    for refused in stock.apply_movements(session, movements) if movements else ():
        raise refused
