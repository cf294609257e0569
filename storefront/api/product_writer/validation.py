"""Validation of a product's new values; reports all faults of a body at once, each with a JSON pointer."""

from __future__ import annotations

from typing import Any

from flask import current_app
from msgspec import UNSET

from storefront.api.problems import ProblemError
from storefront.api.product_writer.locked_product import LockedProduct
from storefront.api.schemas import Fault, Price, ProductPatch, ProductPut
from storefront.catalog.html_sanitiser import find_excess
from storefront.catalog.slugs import handle_slug
from storefront.change_sets.codes import is_plain, is_safe_code


def validate(loaded: LockedProduct, body: ProductPut | ProductPatch, *, may_add: bool) -> None:
    """Check the values of a body that its type cannot check. `may_add` allows new variants.

    Raises:
        ProblemError: 422, with all faults.
    """
    faults, seen = [], set()
    currency = current_app.config["CURRENCY"]
    prices: list[tuple[Any, str]] = [(body.price, "/price")]
    variants: list[Any] = list(body.variants)
    for number, variant in enumerate(variants):
        at = f"/variants/{number}"
        if variant.sku in seen:
            faults.append(Fault("This SKU occurs twice.", f"{at}/sku"))
        seen.add(variant.sku)
        if variant.sku not in loaded.variants:
            if not may_add:
                faults.append(Fault("The product has no such variant; PUT can add one.", f"{at}/sku"))
            elif not is_plain(variant.sku):
                faults.append(
                    Fault("A SKU may contain only visible characters in their simplest form.", f"{at}/sku")
                )
            elif not is_safe_code(variant.sku):
                faults.append(
                    Fault(
                        "A SKU is part of addresses: none of its parts between / may be empty or dots.",
                        f"{at}/sku",
                    )
                )
        prices += [(variant.price, f"{at}/price"), (variant.compare_at_price, f"{at}/compare_at_price")]
    faults += [
        Fault(f"Prices of this shop are in {currency}.", f"{at}/currency")
        for price, at in prices
        if isinstance(price, Price) and price.currency != currency
    ]
    if loaded.row.gift_card and body.status == "active" != loaded.row.status:
        faults.append(Fault("Gift cards cannot be sold yet. Leave it a draft.", "/status"))
    if body.title is not UNSET and not str(body.title).strip():
        faults.append(Fault("A product needs a title.", "/title"))
    if body.slug not in (None, loaded.row.slug) and handle_slug(str(body.slug)) != body.slug:
        faults.append(
            Fault(f"Use {handle_slug(str(body.slug))!r}: an address cannot hold this slug.", "/slug")
        )
    if body.description_html is not UNSET and (excess := find_excess(str(body.description_html))):
        faults.append(Fault(f"The description {excess}.", "/description_html"))
    if faults:
        raise ProblemError(422, "The product cannot be changed to this.", *faults)
