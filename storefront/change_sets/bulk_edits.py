"""Edits that are the same for many products: fields, tags, and prices by percent and rounding."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from storefront.change_sets.edits import Edit, EditedProduct, EditedVariant
from storefront.change_sets.shop_products import ShopProduct


def set_fields(**values: Any) -> Edit:
    """Return the edit that gives products these values, such as `status="active"` or `category=["Tea"]`."""
    return lambda _product: EditedProduct(values)


def set_category(names: Sequence[str]) -> Edit:
    """Return the edit that gives products another main category; further ones stay. Without names: no category."""

    def edit(product: ShopProduct) -> EditedProduct:
        further = [list(each) for each in product.further if names and list(each) != list(names)]
        return EditedProduct({"category": list(names), "further_categories": further})

    return edit


def add_category(names: Sequence[str]) -> Edit:
    """Return the edit that puts products into a category, too: as their main one if they have none."""

    def edit(product: ShopProduct) -> EditedProduct:
        further = [list(each) for each in product.further]
        if not product.category and list(names) not in further:
            return EditedProduct({"category": list(names)})
        if list(names) in (list(product.category), *further):
            return EditedProduct()
        return EditedProduct({"further_categories": [*further, list(names)]})

    return edit


def remove_category(names: Sequence[str]) -> Edit:
    """Return the edit that takes products out of a category; the first further one takes the place of a main one."""

    def edit(product: ShopProduct) -> EditedProduct:
        further = [list(each) for each in product.further if list(each) != list(names)]
        if list(product.category) != list(names):
            return EditedProduct({"further_categories": further})
        main, *others = further or [[]]
        return EditedProduct({"category": main, "further_categories": others})

    return edit


def change_tags(add: Sequence[str] = (), remove: Collection[str] = ()) -> Edit:
    """Return the edit that adds and removes tags. Case does not matter; those that stay keep their order."""
    unwanted = {tag.casefold() for tag in remove}

    def edit(product: ShopProduct) -> EditedProduct:
        kept = [tag for tag in product.columns["tags"] or [] if tag.casefold() not in unwanted]
        known = {tag.casefold() for tag in kept}
        return EditedProduct({"tags": kept + [tag for tag in add if tag.casefold() not in known]})

    return edit


def change_prices(percent: Decimal = Decimal(0), *, step: int = 1, ending: int = 0) -> Edit:
    """Return the edit that raises (or lowers) the price of each variant and rounds it.

    Args:
        percent: what is added to a price; negative to lower it.
        step: in minor units; a price becomes the nearest multiple of it, halves upwards.
        ending: in minor units; added to the multiple: step 100 and ending 99 (or -1) give prices such as 12.99.
    """

    def edit(product: ShopProduct) -> EditedProduct:
        variants = [
            EditedVariant(
                variant.id, {"price": change_price(variant.columns["price"], percent, step, ending)}
            )
            for variant in product.variants
        ]
        return EditedProduct(variants=variants)

    return edit


def change_price(price: int, percent: Decimal, step: int = 1, ending: int = 0) -> int:
    """Return a price after a change by percent and rounding. Rounding makes nothing free."""
    exact = price * (100 + percent) / 100
    if exact <= 0:
        return 0
    steps = int(((exact - ending) / step).to_integral_value(ROUND_HALF_UP))
    least = -((ending - 1) // step)  # the first of the steps that is not free
    return max(steps, least) * step + ending
