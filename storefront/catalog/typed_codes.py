"""The condition that a variant has a code that somebody typed or scanned: its code, its label or its barcode."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import ColumnElement, or_

from storefront.catalog.models import Variant

_GTIN_LENGTHS = (8, 12, 13, 14)


def barcode_forms(text: str) -> Collection[str]:
    """Return the texts that mean the same barcode.

    A scanner sends a UPC-A with 12 or, as a GTIN-13, with 13 digits (GS1 General Specifications, 3.3: shorter GTINs
    are the longer ones without leading zeros); and an import may have kept spaces or not.
    """
    digits = text.replace(" ", "").replace("-", "")
    if not (digits.isascii() and digits.isdigit() and 7 <= len(digits) <= 14):
        return {text}
    number = digits.lstrip("0")
    return {text, digits} | {number.rjust(length, "0") for length in _GTIN_LENGTHS if length >= len(number)}


def has_code(text: str) -> ColumnElement[bool]:
    """Return the SQL condition that a variant has this text as code, label or barcode; each has an index."""
    return or_(Variant.sku == text, Variant.label == text, Variant.barcode.in_(sorted(barcode_forms(text))))
