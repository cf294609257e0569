"""What the fields of products and variants take in an edit."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, get_args

from storefront.catalog.html_sanitiser import MAX_LENGTH, find_excess
from storefront.catalog.models import MAX_LEVELS, MOST_FURTHER, Status
from storefront.extensions import moment_text
from storefront.sheets.numbers import MAX_AMOUNT
from storefront.unicode_text import clean_line, is_invisible

MAX_TITLE, MAX_TEXT = 500, 255  # characters
MAX_TAGS = 250
MAX_GRAMS = 2**31 - 1  # what the column holds

# Returns why a value cannot be used; empty if it can.
Check = Callable[[Any], str]


def _line(most: int, *, required: bool = False) -> Check:
    def check(value: Any) -> str:
        if not isinstance(value, str) or value != clean_line(value):
            return "it is not one line of text"
        if required and is_invisible(value):
            return "it is empty"
        return f"it has more than {most:,} characters" if len(value) > most else ""

    return check


def _number(most: int, *, optional: bool = False) -> Check:
    def check(value: Any) -> str:
        if value is None and optional:
            return ""
        if isinstance(value, bool) or not isinstance(value, int):
            return "it is not a number"
        return "" if 0 <= value <= most else "it is negative" if value < 0 else "it is too much"

    return check


def _flag(value: Any) -> str:
    return "" if isinstance(value, bool) else "it is neither yes nor no"


def _status(value: Any) -> str:
    return "" if value in get_args(Status) else "there is no such status"


def _moment(value: Any) -> str:
    if value is None:
        return ""
    try:
        moment = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        return "it is not a time"
    return "" if moment.tzinfo and value == moment_text(moment) else "it is not a time in UTC"


def _lines(most: int, length: int) -> Check:
    check_one = _line(length, required=True)

    def check(value: Any) -> str:
        if not isinstance(value, list):
            return "it is not a list of texts"
        if len(value) > most:
            return f"it has more than {most:,} entries"
        return next(filter(None, map(check_one, value)), "")

    return check


def _places(most: int) -> Check:
    check_one = _lines(MAX_LEVELS, MAX_TEXT)

    def check(value: Any) -> str:
        if not isinstance(value, list) or not all(value):
            return "it is not a list of categories"
        if len(value) > most:
            return f"it has more than {most:,} entries"
        return next(filter(None, map(check_one, value)), "")

    return check


def _description(value: Any) -> str:
    if not isinstance(value, str):
        return "it is not a text"
    excess = find_excess(value)
    return f"it {excess}" if excess else ""


PRODUCT_FIELDS: Mapping[str, Check] = {
    "title": _line(MAX_TITLE, required=True),
    "status": _status,
    "publish_at": _moment,
    "withdraw_at": _moment,
    "unlisted": _flag,
    "vendor": _line(MAX_TEXT),
    "product_type": _line(MAX_TEXT),
    "tags": _lines(MAX_TAGS, MAX_TEXT),
    "category": _lines(MAX_LEVELS, MAX_TEXT),
    "further_categories": _places(MOST_FURTHER),
    "description_html": _description,
    "seo_title": _line(MAX_TEXT),
    "seo_description": _line(MAX_LENGTH),
}
VARIANT_FIELDS: Mapping[str, Check] = {
    "label": _line(MAX_TEXT),
    "price": _number(MAX_AMOUNT),
    "compare_at_price": _number(MAX_AMOUNT, optional=True),
    "barcode": _line(MAX_TEXT),
    "weight_grams": _number(MAX_GRAMS),
    "backorder": _flag,
    "requires_shipping": _flag,
    "taxable": _flag,
    "tracked": _flag,
}
