"""The condition that a variant has a code that somebody typed or scanned: its code, its label or its barcode."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import ColumnElement, or_

from storefront.catalog.gtin import GTIN_LENGTHS, other_isbn, plain_barcode
from storefront.catalog.models import PLAIN_BARCODE, Variant


def barcode_forms(text: str) -> Collection[str]:
    """Return the texts that mean the same barcode, without spaces and hyphens; none if the text has nothing else.

    A scanner sends a UPC-A with 12 or, as a GTIN-13, with 13 digits (GS1 General Specifications, 3.3: shorter GTINs
    are the longer ones without leading zeros), and the ISBN of 10 digits of an older book as one of 13.
    """
    plain = plain_barcode(text)
    if not plain:
        return ()
    forms = {plain, *(spelling for isbn in other_isbn(plain) for spelling in (isbn, isbn.upper()))}
    if plain.isascii() and plain.isdigit() and 7 <= len(plain) <= 14:
        number = plain.lstrip("0")
        forms |= {number.rjust(length, "0") for length in GTIN_LENGTHS if length >= len(number)}
    return forms


def code_conditions(text: str) -> tuple[ColumnElement[bool], ...]:
    """Return the SQL conditions that a variant has this text as code, as label, as barcode; each has an index."""
    return (
        Variant.sku == text,
        Variant.label == text,
        PLAIN_BARCODE.in_(sorted(barcode_forms(text))),
    )


def has_code(text: str) -> ColumnElement[bool]:
    """Return the SQL condition that a variant has this text as code, label or barcode."""
    return or_(*code_conditions(text))
