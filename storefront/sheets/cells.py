"""Clean the texts of single cells, and escape those that a spreadsheet would run as formulas."""

from __future__ import annotations

import re

from storefront.unicode_text import normalize

_INVISIBLE = dict.fromkeys([0x00, 0x200B, 0x2060, 0xFEFF, 0x00AD])
# What begins a formula (OWASP "CSV Injection"); spreadsheets in Japanese take the wide forms too.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
_PLAIN_NUMBER = re.compile(r"-?\d+(\.\d+)?")


def clean_text(cell: str, limit: int = 0) -> str:
    """Return a cell's text in NFC, without invisible characters and extra spaces, cut to `limit` characters."""
    if not cell:
        return ""
    if not cell.isascii() or "\x00" in cell:
        cell = normalize("NFC", cell.translate(_INVISIBLE))
    text = " ".join(cell.split())
    return text[:limit] if limit else text


def clean_identifier(cell: str) -> str:
    """Return an SKU or barcode without the apostrophe that makes spreadsheets treat a number as text."""
    return clean_text(cell).removeprefix("'").strip()


def escape_formula(text: str) -> str:
    """Return a cell that no spreadsheet runs as a formula; `unescape_formula` restores the text.

    Numbers stay numbers. A text that begins with an apostrophe gets a second one, so that unescaping restores it.
    """
    if text.startswith(("'", *_FORMULA)) and not _PLAIN_NUMBER.fullmatch(text):
        return f"'{text}"
    return text


def unescape_formula(cell: str) -> str:
    """Return the original text of an escaped cell; other cells stay as they are."""
    return cell[1:] if len(cell) > 1 and cell[0] == "'" and cell[1] in ("'", *_FORMULA) else cell
