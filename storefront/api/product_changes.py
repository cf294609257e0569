"""Changes of a product by one request: its body as an edit, and the edit's faults as a problem document."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import msgspec
from msgspec import UNSET, UnsetType
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from storefront import shop_settings, stock
from storefront.api import idempotency, product_reader
from storefront.api.problems import ProblemError
from storefront.api.schemas import (
    Fault,
    Price,
    Product,
    ProductPatch,
    ProductPost,
    ProductPut,
    VariantInput,
    VariantPatch,
)
from storefront.api.tokens import Caller
from storefront.catalog import product_writer
from storefront.catalog.product_writer import (
    LockedProduct,
    ProductEdit,
    ProductRefusedError,
    VariantEdit,
    lock_product,
    write_product,
)
from storefront.catalog.publication import MOMENTS
from storefront.change_sets import product_deletion
from storefront.extensions import moment_text, write_transaction

# Raises ProblemError if the product is not in the expected state. Arguments: the product as the public sees it (None
# if the public cannot see it), and as the caller sees it.
Precondition = Callable[[Product | None, Product], None]


def change_product(
    product_id: int, body: ProductPut | ProductPatch, caller: Caller, condition: Precondition
) -> Product:
    """Apply a request's body to a product; return the product as the caller may see it.

    Raises:
        ProblemError: 409, 412 or 422; the text and the faults say why. Nothing is changed then.
        NotInShopError: the product does not exist.
    """
    display = product_reader.stock_display_for(caller)
    with _refusals_as_problems(), write_transaction() as session:
        loaded = lock_product(session, product_id)
        check_precondition(loaded, condition, display)
        _check_currency(body)
        write_product(session, loaded, _read_edit(body, loaded))
        return _build(loaded, display)


def create_product(body: ProductPost, caller: Caller) -> msgspec.Raw | Product:
    """Create a product; a repetition with the same Idempotency-Key returns the first one's answer.

    Raises:
        ProblemError: 409 or 422; the text and the faults say why. Nothing is created then.
    """
    display = product_reader.stock_display_for(caller)

    def create(session: Session) -> Product:
        loaded = product_writer.create_product(session, _read_edit(body, None))
        return _build(loaded, display)

    _check_currency(body)
    with _refusals_as_problems():
        return idempotency.run_once(caller, create, status=201)


def delete_product(product_id: int, caller: Caller, condition: Precondition) -> None:
    """Delete a product that was never sold.

    Raises:
        ProblemError: 412, the product has changed.
        ProductNeededError: orders or baskets need it.
        NotInShopError: the product does not exist.
    """
    with write_transaction() as session:
        loaded = lock_product(session, product_id)
        check_precondition(loaded, condition, product_reader.stock_display_for(caller))
        product_deletion.delete_product(session, loaded, reason="API")


def check_precondition(loaded: LockedProduct, condition: Precondition, display: stock.Display) -> None:
    """Raise a ProblemError (412) unless a locked product is in the state that the request expects."""
    row = loaded.row
    shown = row.status == "active" and not row.unlisted and bool(loaded.variants)
    condition(
        _build(loaded, stock.public_display(), shows_plans=False) if shown else None, _build(loaded, display)
    )


@contextmanager
def _refusals_as_problems() -> Iterator[None]:
    try:
        yield
    except ProductRefusedError as error:
        faults = [Fault(fault.text, fault.at) for fault in error.faults]
        raise ProblemError(error.status, str(error), *faults) from error
    except IntegrityError as error:
        raise ProblemError(
            409, "Another product has this slug or SKU, or two variants would have the same options."
        ) from error


def _build(loaded: LockedProduct, display: stock.Display, *, shows_plans: bool = True) -> Product:
    """Return the product in the API's format, with its new stock as exactly as `display` allows."""
    return product_reader.build_product(
        loaded.row,
        loaded.category,
        loaded.further,
        loaded.sorted_variants(),
        loaded.images,
        loaded.levels(),
        display,
        shows_plans=shows_plans,
    )


def _check_currency(body: ProductPut | ProductPatch) -> None:
    currency = shop_settings.current().currency
    prices: list[tuple[Price | UnsetType | None, str]] = [(body.price, "/price")]
    variants: list[VariantInput | VariantPatch] = [*body.variants]
    for number, variant in enumerate(variants):
        at = f"/variants/{number}"
        prices += [(variant.price, f"{at}/price"), (variant.compare_at_price, f"{at}/compare_at_price")]
    faults = [
        Fault(f"Prices of this shop are in {currency}.", f"{at}/currency")
        for price, at in prices
        if isinstance(price, Price) and price.currency != currency
    ]
    if faults:
        raise ProblemError(422, "The product cannot be changed to this.", *faults)


def _read_edit(body: ProductPut | ProductPatch, loaded: LockedProduct | None) -> ProductEdit:
    names = ("title", "status", "unlisted", "vendor", "description_html")
    values = {name: value for name in names if (value := getattr(body, name)) is not UNSET}
    for name in MOMENTS:
        if (moment := getattr(body, name)) is not UNSET:
            values[name] = moment_text(moment) if moment else None
    category = body.category
    return ProductEdit(
        values=values,
        category=category if category is UNSET or category is None else category.path,
        further=UNSET
        if body.further_categories is UNSET
        else [each.path for each in body.further_categories],
        slug=body.slug,
        variants=[_read_variant(variant, loaded) for variant in body.variants],
        is_whole=isinstance(body, ProductPut),
        price=body.price.amount if body.price else None,
        available=body.stock,
        reason="API",
    )


def _read_variant(variant: VariantInput | VariantPatch, loaded: LockedProduct | None) -> VariantEdit:
    values: dict[str, Any] = {}
    if variant.price is not UNSET:
        values["price"] = variant.price.amount
    if variant.label is not UNSET:
        values["label"] = variant.label.strip()
    for name in ("requires_shipping", "taxable"):
        if (wanted := getattr(variant, name)) is not UNSET:
            values[name] = wanted
    compare = variant.compare_at_price
    if isinstance(compare, Price):
        values["compare_at_price"] = compare.amount
    elif compare is None and not _hides_compare_price(loaded, variant.sku):
        values["compare_at_price"] = None
    return VariantEdit(variant.sku, values, variant.options, available=variant.stock)


def _hides_compare_price(loaded: LockedProduct | None, sku: str) -> bool:
    """Return whether the API hides the compare-at price because it is not higher: null then leaves it as it is."""
    row = loaded.variants.get(sku) if loaded else None
    return row is not None and row.compare_at_price is not None and row.compare_at_price <= row.price
