"""The fields of the product form, and the text in which each shows a product's value.

A field of the product is named as its column; one of a variant `v12-price`, with the variant's id, or `new-price`;
one of a picture `p3-alt`; one of an option `option1-name`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from storefront.admin.product_form.form_fields import Field, FormField, show
from storefront.admin.product_form.option_fields import iterate_options
from storefront.admin.product_form.picture_fields import iterate_pictures
from storefront.catalog.models import Product, Variant
from storefront.catalog.option_texts import join_values
from storefront.catalog.product_writer import LockedProduct
from storefront.i18n import gettext as _
from storefront.i18n import lazy_gettext
from storefront.stock import StockItem

# Variants on one page: a form may have 1,000 fields (web/body_limits.py).
MAX_VARIANTS = 60
MAX_TAGS, MAX_TAG = 250, 255


PRODUCT_FIELDS = (
    Field("title", lazy_gettext("Title"), "line", 500, required=True),
    Field("description_html", lazy_gettext("Description"), "html"),
    Field("status", lazy_gettext("Status"), "status"),
    Field("publish_at", lazy_gettext("Publish at"), "moment"),
    Field("withdraw_at", lazy_gettext("Withdraw at"), "moment"),
    Field("unlisted", lazy_gettext("Only people who know the address can see it"), "tick"),
    Field("category", lazy_gettext("Category"), "category", 2000),
    Field("further_categories", lazy_gettext("Further categories"), "paths"),
    Field("vendor", lazy_gettext("Vendor"), "line"),
    Field("product_type", lazy_gettext("Type"), "line"),
    Field("tags", lazy_gettext("Tags"), "tags"),
    Field("slug", lazy_gettext("Address"), "slug"),
    Field("seo_title", lazy_gettext("Title in search results"), "line", 500),
    Field("seo_description", lazy_gettext("Description in search results"), "text", 2000),
)
VARIANT_FIELDS = (
    Field("price", lazy_gettext("Price"), "amount", required=True),
    Field("compare_at_price", lazy_gettext("Compare-at price"), "amount"),
    Field("on_hand", lazy_gettext("On hand"), "stock"),
    Field("label", lazy_gettext("SKU"), "line"),
    Field("image_id", lazy_gettext("Picture"), "picture"),
    Field("barcode", lazy_gettext("Barcode"), "line"),
    Field("weight_grams", lazy_gettext("Weight in grams"), "number", required=True),
    Field("backorder", lazy_gettext("Sell when out of stock"), "tick"),
    Field("requires_shipping", lazy_gettext("Is shipped"), "tick"),
    Field("taxable", lazy_gettext("Is taxed"), "tick"),
)


@dataclass(frozen=True, slots=True)
class VariantPart:
    """A variant on the page: the prefix of its fields' names, its name for people, its code, and what is reserved."""

    prefix: str
    name: str
    code: str
    reserved: int


def list_variants(loaded: LockedProduct, start: int = 0) -> list[VariantPart]:
    """Return the variants of one page, from this place on."""
    return [
        VariantPart(
            _prefix(variant),
            _name(variant),
            variant.sku,
            loaded.items[variant.sku].reserved if variant.sku in loaded.items else 0,
        )
        for variant in loaded.sorted_variants()[start : start + MAX_VARIANTS]
    ]


def list_fields(loaded: LockedProduct) -> dict[str, FormField]:
    """Return all fields of a product and its variants by name."""
    return {field.name: field for field in _iterate(loaded)}


def _iterate(loaded: LockedProduct) -> Iterator[FormField]:
    for field in PRODUCT_FIELDS:
        yield FormField(field.column, field, "", "", show(field.kind, _value(loaded, field.column)))
    yield from iterate_options(loaded)
    yield from iterate_pictures(loaded)
    several = len(loaded.variants) > 1
    for variant in loaded.sorted_variants():
        name = (join_values(variant.options) or variant.label or variant.sku) if several else ""
        item = loaded.items.get(variant.sku)
        for field in VARIANT_FIELDS:
            if field.kind == "stock":
                value = _counted(variant, item)
            else:
                value = getattr(variant, field.column)
            yield FormField(
                f"{_prefix(variant)}-{field.column}", field, variant.sku, name, show(field.kind, value)
            )


def _value(loaded: LockedProduct, column: str) -> Any:
    if column == "category":
        return loaded.category[0]
    if column == "further_categories":
        return [each.path for each in loaded.further]
    return getattr(loaded.row, column)


def blank_product() -> LockedProduct:
    """Return what the form of a new product shows: a draft with one variant. Neither is ever stored."""
    row = Product(
        title="",
        slug="",
        description_html="",
        vendor="",
        product_type="",
        tags=[],
        status="draft",
        unlisted=False,
        gift_card=False,
        seo_title="",
        seo_description="",
        option_names=[],
        further_category_ids=[],
    )
    variant = Variant(
        sku="new",
        label="",
        option1="",
        option2="",
        option3="",
        barcode="",
        weight_grams=0,
        position=0,
        backorder=False,
        requires_shipping=True,
        taxable=True,
    )
    return LockedProduct(row, (None, None), [], {"new": variant}, {})


def _counted(variant: Variant, item: StockItem | None) -> int | None:
    """Return what is on hand; None if it is not counted. A new variant begins with none."""
    if variant.id is None:
        return 0
    return item.on_hand if item is not None and item.tracked else None


def _name(variant: Variant) -> str:
    """Return the name of a variant for people; that of a new product has no code of its own yet."""
    code = _("New variant") if variant.id is None else variant.sku
    return join_values(variant.options) or variant.label or code


def _prefix(variant: Variant) -> str:
    return "new" if variant.id is None else f"v{variant.id}"
