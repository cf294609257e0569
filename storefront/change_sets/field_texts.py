"""The names and values of changed fields as people read them: in lists of changes, and of what was left."""

from __future__ import annotations

from typing import Any

from storefront.money import Money
from storefront.unicode_text import clean_line

MAX_TEXT = 80  # characters of a value
_EXTRA = "extra:"  # before the header of a kept column
PRICES = ("price", "compare_at_price")
# Fields that people know by another name than the model's; `_` in other names becomes a space.
_NAMES = {
    "compare_at_price": "compare-at price",
    "description_html": "description",
    "label": "SKU",
    "product_type": "type",
    "seo_description": "SEO description",
    "seo_title": "SEO title",
    "slug": "address",
}


def name_field(field: str) -> str:
    """Return the name of a field in words."""
    if field.startswith(_EXTRA):
        return f"kept column {field.removeprefix(_EXTRA)}"
    return _NAMES.get(field, field.replace("_", " "))


def show_value(field: str, value: Any, currency: str) -> str:
    """Return a value of a field in one line: prices as amounts, lists joined, long texts cut."""
    if value is None or value in ("", [], {}):
        return "(empty)"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if field in PRICES and isinstance(value, int):
        return Money(value, currency).plain
    if field == "further_categories":
        return shorten("; ".join(" > ".join(map(str, names)) for names in value))
    if isinstance(value, list):
        return shorten((" > " if field in ("category", "parent") else ", ").join(map(str, value)))
    return shorten(str(value))


def shorten(value: str) -> str:
    """Return a text in one line, cut to a length that fits on a screen; without control characters."""
    text = clean_line(value)
    return text if len(text) <= MAX_TEXT else f"{text[: MAX_TEXT - 1]}…"
