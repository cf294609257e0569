"""Parse and clean single cells, and escape those that a spreadsheet would run as formulas."""

from __future__ import annotations

import re
from decimal import Decimal, InvalidOperation

from storefront.unicode_text import normalize

_INVISIBLE = dict.fromkeys([0x00, 0x200B, 0x2060, 0xFEFF, 0x00AD])
_GROUPED = re.compile(r"[0-9]+|[0-9]{1,3}([.,][0-9]{2,3})+")  # India groups by two
_CURRENCY = re.compile(r"^[^\d\-+.,]*|[^\d.,]*$")
# What begins a formula (OWASP "CSV Injection"); spreadsheets in Japanese take the wide forms too.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
_PLAIN_NUMBER = re.compile(r"-?\d+(\.\d+)?")
MAX_AMOUNT = 10**12  # minor units
MAX_NUMBER = 100  # characters of a cell with a price or a number


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


def parse_price(cell: str, digits: int) -> int:
    """Return the amount in minor units of a currency with this many decimals.

    A single separator before exactly three digits separates thousands, unless the currency has three decimals.

    Raises:
        ValueError: the cell is not an amount of that currency; the text says why.
    """
    shown = cell.strip()[:40]
    if not clean_text(cell):
        raise ValueError("is empty")
    if len(cell) > MAX_NUMBER:
        raise ValueError(f"{shown!r}… is not an amount")
    text = re.sub(r"[\s\u00a0\u202f'’]", "", _CURRENCY.sub("", clean_text(cell)))
    if text.startswith("-"):
        raise ValueError(f"{shown!r} is negative")
    last = max(text.rfind("."), text.rfind(","))
    alone = last >= 0 and text.count(".") + text.count(",") == 1
    repeated = last >= 0 and text.count(text[last]) > 1
    if repeated or (alone and len(text) - last == 4 and digits != 3 and text[0] != "0"):
        last = -1  # only separators of thousands
    whole, decimals = (text, "") if last < 0 else (text[:last], text[last + 1 :])
    if not text or not _GROUPED.fullmatch(whole or "0") or not (decimals or "0").isdecimal():
        raise ValueError(f"{shown!r} is not an amount")
    amount = Decimal(f"{re.sub('[.,]', '', whole) or '0'}.{decimals or '0'}")
    scaled = amount.scaleb(digits)
    if scaled != scaled.to_integral_value():
        raise ValueError(f"{shown!r} has more decimals than the currency")
    if scaled > MAX_AMOUNT:
        raise ValueError(f"{shown!r} is too much")
    return int(scaled)


def parse_whole_number(cell: str) -> int:
    """Return a whole number such as a quantity or grams ("8981", "12.0", "1,200"); 0 for an empty cell.

    Raises:
        ValueError: the cell is not a number, or too large; the text says which.
    """
    if len(cell) > MAX_NUMBER and cell.strip():
        raise ValueError(f"{cell.strip()[:40]!r}… is not a number")
    text = clean_text(cell).replace(",", "").replace(" ", "")
    if not text:
        return 0
    try:
        amount = Decimal(text)
    except InvalidOperation as error:
        raise ValueError(f"{cell.strip()[:40]!r} is not a number") from error
    if amount.is_nan():
        raise ValueError(f"{cell.strip()[:40]!r} is not a number")
    if amount.copy_abs() > 2**31 - 1:  # checked before rounding: "1e99999999" would become that many digits
        raise ValueError(f"{cell.strip()[:40]!r} is too large")
    return round(amount)


def parse_flag(cell: str) -> bool | None:
    """Return the value of a yes/no cell; None if it is empty or neither."""
    return {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}.get(
        clean_text(cell).casefold()
    )


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
