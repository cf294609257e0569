"""The variants that a body names: changed, made, or taken away because it names them no more."""

from __future__ import annotations

from typing import Any

from msgspec import UNSET
from sqlalchemy.orm import Session

from storefront.api.problems import ProblemError
from storefront.api.product_writer.locked_product import LockedProduct
from storefront.api.schemas import Fault, ProductPatch, ProductPut
from storefront.catalog import models
from storefront.stock import StockItem

_COLUMNS = ("option1", "option2", "option3")


def resolve_option_names(loaded: LockedProduct, given: ProductPut | ProductPatch) -> list[str]:
    """Return the names of the options in order: those that there are, unless all variants have others."""
    names = [list(v.options) for v in given.variants if v.options is not UNSET and v.options]
    present = loaded.row.option_names or (["Option 1", "Option 2", "Option 3"] if loaded.variants else [])
    places = [name for name in present if any(name in own for own in names)] if names else list(present)
    places += [name for own in names for name in own if name not in places]
    places = list(dict.fromkeys(places))
    if len(places) > 3 or any(set(own) != set(names[0]) for own in names):
        fault = Fault("All variants have the same options, at most three.", "/variants")
        raise ProblemError(422, "The variants' options do not agree.", fault)
    if names and not set(places) <= set(present):
        loaded.row.option_names = places
    return places


def remove_unnamed(session: Session, loaded: LockedProduct, given: Any) -> None:
    """Take away the variants that are not named.

    Raises:
        ProblemError: 409, shoppers have reserved some.
    """
    named = {variant.sku for variant in given.variants}
    gone = [sku for sku in loaded.variants if sku not in named]
    for sku in gone:
        item = loaded.items.pop(sku, None)
        if item is not None and item.reserved:
            raise ProblemError(
                409, f"{item.reserved} of {sku} are reserved by shoppers; it cannot be removed now."
            )
        if item is not None:
            session.delete(item)
        session.delete(loaded.variants.pop(sku))
    if gone:
        session.flush()  # their options are free before others take them


def free_swapped_options(session: Session, loaded: LockedProduct, given: Any, places: list[str]) -> None:
    """Free the options that go from one variant to another: rows are written one by one, each unlike all others."""
    wanted = {
        one.sku: _option_columns(one.options, places) for one in given.variants if one.options is not UNSET
    }
    passing = False
    for sku, row in loaded.variants.items():
        own = (row.option1, row.option2, row.option3)
        if wanted.get(sku, own) != own and own in wanted.values():
            row.option1, row.option2, row.option3, passing = f"→ {row.id}", "", "", True
    if passing:
        session.flush()


def write_variant(
    session: Session, loaded: LockedProduct, given: Any, places: list[str], number: int
) -> None:
    """Change or make one variant."""
    row = loaded.variants.get(given.sku)
    values: dict[str, Any] = {}
    if given.price is not UNSET:
        values["price"] = given.price.amount
    if given.compare_at_price is not UNSET:
        values["compare_at_price"] = given.compare_at_price.amount if given.compare_at_price else None
    if given.options is not UNSET:
        values |= dict(zip(_COLUMNS, _option_columns(given.options, places), strict=True))
    if row is None:
        row = loaded.variants[given.sku] = models.Variant(
            product_id=loaded.row.id, sku=given.sku, position=number, **values
        )
        session.add(row)
        session.flush()
        item = StockItem(sku=row.sku, variant_id=row.id, product_id=loaded.row.id, on_hand=0, reserved=0)
        item.tracked, item.low_threshold = True, 5
        loaded.items[row.sku] = item
        session.add(item)
    for name, value in values.items():
        if getattr(row, name) != value and not (
            name == "compare_at_price" and value is None and _hides_compare_price(row)
        ):
            setattr(row, name, value)
    if given.stock is not None:
        loaded.wanted[given.sku] = given.stock


def _option_columns(options: dict[str, str], places: list[str]) -> tuple[str, ...]:
    """Return the values of named options in their columns' order, "" where there is none."""
    return tuple(options.get(name, "") for name in (*places, *_COLUMNS)[: len(_COLUMNS)])


def _hides_compare_price(row: models.Variant) -> bool:
    """Return whether the price that it was reduced from is not told, since it is no higher: null leaves it."""
    return row.compare_at_price is not None and row.compare_at_price <= row.price
