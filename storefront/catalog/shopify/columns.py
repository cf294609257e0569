"""The columns of a Shopify product CSV, under both of its header vocabularies.

Source: Shopify's help page "Using CSV files to import and export products" (the current header), and exports made
before 2024 (the legacy one).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

Vocabulary = Literal["current", "legacy"]

# Our name: the current header, the legacy header. The order is that of an export.
COLUMNS: dict[str, tuple[str, str]] = {
    "title": ("Title", "Title"),
    "handle": ("URL handle", "Handle"),
    "description": ("Description", "Body (HTML)"),
    "vendor": ("Vendor", "Vendor"),
    "category": ("Product category", "Product Category"),
    "type": ("Type", "Type"),
    "tags": ("Tags", "Tags"),
    "published": ("Published on online store", "Published"),
    "status": ("Status", "Status"),
    "sku": ("SKU", "Variant SKU"),
    "barcode": ("Barcode", "Variant Barcode"),
    "option1_name": ("Option1 name", "Option1 Name"),
    "option1": ("Option1 value", "Option1 Value"),
    "option2_name": ("Option2 name", "Option2 Name"),
    "option2": ("Option2 value", "Option2 Value"),
    "option3_name": ("Option3 name", "Option3 Name"),
    "option3": ("Option3 value", "Option3 Value"),
    "price": ("Price", "Variant Price"),
    "compare_at_price": ("Compare-at price", "Variant Compare At Price"),
    "tracker": ("Inventory tracker", "Variant Inventory Tracker"),
    "quantity": ("Inventory quantity", "Variant Inventory Qty"),
    "policy": ("Continue selling when out of stock", "Variant Inventory Policy"),
    "grams": ("Weight value (grams)", "Variant Grams"),
    "image": ("Product image URL", "Image Src"),
    "image_position": ("Image position", "Image Position"),
    "image_alt": ("Image alt text", "Image Alt Text"),
    "variant_image": ("Variant image URL", "Variant Image"),
    "seo_title": ("SEO title", "SEO Title"),
    "seo_description": ("SEO description", "SEO Description"),
}
REQUIRED = ("title", "price")


def fold(header: str) -> str:
    """Return a header for comparison: without case and extra spaces."""
    return " ".join(header.replace("\ufeff", "").split()).casefold()


_NAMES = {fold(header): name for name, headers in COLUMNS.items() for header in headers}


def column_name(header: str) -> str | None:
    """Return our name of a column, or None for an unknown one, which the shop only keeps."""
    return _NAMES.get(fold(header))


def headers(vocabulary: Vocabulary) -> list[str]:
    """Return the headers of all known columns, in the order of an export."""
    return [pair[0 if vocabulary == "current" else 1] for pair in COLUMNS.values()]


def count_known(header: Sequence[str]) -> int:
    """Return how many cells of a row are headers of known columns."""
    return sum(column_name(cell) is not None for cell in header)
