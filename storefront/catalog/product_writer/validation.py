"""Validation of a product's new values; reports all faults of an edit at once, each with a JSON pointer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from storefront.catalog.html_sanitiser import find_excess
from storefront.catalog.product_writer.locked_product import LockedProduct
from storefront.catalog.product_writer.product_edit import EditFault, ProductEdit, ProductRefusedError
from storefront.catalog.publication import MOMENTS, find_plan_faults
from storefront.catalog.slugs import handle_slug
from storefront.catalog.variant_codes import is_plain, is_safe_code


def validate(loaded: LockedProduct, edit: ProductEdit) -> None:
    """Check the values of an edit that its type cannot check.

    Raises:
        ProductRefusedError: 422, with all faults.
    """
    faults = _variant_faults(loaded, edit)
    values = edit.values
    if loaded.row.gift_card:
        faults += _gift_card_faults(loaded.row.status, values)
    present = {name: getattr(loaded.row, name) for name in ("status", *MOMENTS)}
    for name, reason in find_plan_faults(present, values).items():
        faults.append(EditFault(f"The product cannot have this moment: {reason}.", f"/{name}"))
    if not str(values.get("title", "a title")).strip():
        faults.append(EditFault("A product needs a title.", "/title"))
    if edit.slug not in (None, loaded.row.slug) and handle_slug(str(edit.slug)) != edit.slug:
        faults.append(
            EditFault(f"Use {handle_slug(str(edit.slug))!r}: an address cannot hold this slug.", "/slug")
        )
    if excess := find_excess(str(values.get("description_html", ""))):
        faults.append(EditFault(f"The description {excess}.", "/description_html"))
    if faults:
        raise ProductRefusedError(422, "The product cannot be changed to this.", *faults)


def _gift_card_faults(present: str, values: Mapping[str, Any]) -> Iterator[EditFault]:
    text = "Gift cards cannot be sold yet. Leave it a draft."
    if values.get("status") == "active" != present:
        yield EditFault(text, "/status")
    if values.get("publish_at"):
        yield EditFault(text, "/publish_at")


def _variant_faults(loaded: LockedProduct, edit: ProductEdit) -> list[EditFault]:
    faults, seen = [], set()
    for number, variant in enumerate(edit.variants):
        code, at = variant.code, f"/variants/{number}/sku"
        if code in seen:
            faults.append(EditFault("This SKU occurs twice.", at))
        seen.add(code)
        if code in loaded.variants:
            continue
        if not edit.is_whole:
            faults.append(EditFault("The product has no such variant; PUT can add one.", at))
        elif not is_plain(code):
            faults.append(EditFault("A SKU may contain only visible characters in their simplest form.", at))
        elif not is_safe_code(code):
            faults.append(
                EditFault("A SKU is part of addresses: none of its parts between / may be empty or dots.", at)
            )
    return faults
