"""Barcodes that are GTINs: numbers of 8, 12, 13 or 14 digits with a valid check digit."""

from __future__ import annotations

_LENGTHS = (8, 12, 13, 14)


def find_gtin(barcode: str) -> tuple[str, str] | None:
    """Return the property of schema.org that names this barcode, such as "gtin13", and its digits; None for another.

    Spaces and hyphens between the digits do not count (GS1 General Specifications, 7.9: the check digit).
    """
    digits = barcode.replace(" ", "").replace("-", "")
    if len(digits) not in _LENGTHS or not (digits.isascii() and digits.isdigit()) or not int(digits):
        return None
    weighted = sum(int(digit) * (3, 1)[place % 2] for place, digit in enumerate(reversed(digits[:-1])))
    return (f"gtin{len(digits)}", digits) if (weighted + int(digits[-1])) % 10 == 0 else None
