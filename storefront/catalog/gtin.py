"""Barcodes that are GTINs: numbers of 8, 12, 13 or 14 digits with a valid check digit."""

from __future__ import annotations

GTIN_LENGTHS = (8, 12, 13, 14)


def plain_barcode(barcode: str) -> str:
    """Return a barcode without spaces and hyphens, which do not count; `models.PLAIN_BARCODE` is the same in SQL."""
    return barcode.replace(" ", "").replace("-", "")


def find_gtin(barcode: str) -> tuple[str, str] | None:
    """Return the property of schema.org that names this barcode, such as "gtin13", and its digits; None for another.

    Spaces and hyphens between the digits do not count (GS1 General Specifications, 7.9: the check digit).
    """
    digits = plain_barcode(barcode)
    if len(digits) not in GTIN_LENGTHS or not (digits.isascii() and digits.isdigit()) or not int(digits):
        return None
    return (f"gtin{len(digits)}", digits) if digits[-1] == _check_digit(digits[:-1]) else None


def other_isbn(code: str) -> tuple[str, ...]:
    """Return the ISBN of 13 digits for one of 10, or the reverse; nothing for a number that has no other.

    ISBN Users' Manual, 7th edition, 5 and appendix 1. The check digit of an old one may be "x".
    """
    if len(code) == 13 and code.startswith("978") and find_gtin(code):
        return (code[3:-1] + _old_check_digit(code[3:-1]),)
    if len(code) == 10 and code[:-1].isdecimal() and code[-1].lower() == _old_check_digit(code[:-1]):
        return (f"978{code[:-1]}{_check_digit(f'978{code[:-1]}')}",)
    return ()


def _check_digit(digits: str) -> str:
    weighted = sum(int(digit) * (3, 1)[place % 2] for place, digit in enumerate(reversed(digits)))
    return str(-weighted % 10)


def _old_check_digit(digits: str) -> str:
    rest = -sum(int(digit) * (10 - place) for place, digit in enumerate(digits)) % 11
    return "x" if rest == 10 else str(rest)
