"""Single cells: text made clean, prices in any sane format, and formulas kept from acting in a spreadsheet."""

from __future__ import annotations

import re
import unicodedata
from decimal import Decimal, InvalidOperation

_INVISIBLE = dict.fromkeys([0x00, 0x200B, 0x2060, 0xFEFF, 0x00AD])
_NUMBER = re.compile(r"[0-9][0-9.,'’\s\u00a0\u202f]*")
_CURRENCY = re.compile(r"^[^\d\-+.,]*|[^\d.,]*$")
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_PLAIN_NUMBER = re.compile(r"-?\d+(\.\d+)?")
MOST = 10**12  # minor units


def clean(cell: str, limit: int = 0) -> str:
    """Return a cell's text composed (NFC), without invisible characters and spare spaces, cut to `limit`."""
    text = " ".join(unicodedata.normalize("NFC", cell.translate(_INVISIBLE)).split())
    return text[:limit] if limit else text


def number_text(cell: str) -> str:
    """Return an SKU or barcode without the apostrophe by which spreadsheets keep numbers as text."""
    return clean(cell).removeprefix("'").strip()


def price(cell: str, digits: int) -> int:
    """Return the amount in minor units of a currency with this many decimals.

    A lone separator with exactly three digits behind it is one of thousands, unless the currency has three decimals.

    Raises:
        ValueError: the cell is not an amount of that currency; the text says why.
    """
    text = _CURRENCY.sub("", clean(cell))
    if not text:
        raise ValueError("is empty")
    if text.startswith("-"):
        raise ValueError("is negative")
    text = re.sub(r"[\s\u00a0\u202f'’]", "", text)
    last = max(text.rfind("."), text.rfind(","))
    mark = text[last] if last >= 0 else ""
    if mark and (
        text.count(mark) > 1 or (len(text) - last == 4 and digits != 3 and text[0] != "0" and not _both(text))
    ):
        last = -1  # separators of thousands only
    whole, decimals = (text, "") if last < 0 else (text[:last], text[last + 1 :])
    whole = whole.replace(".", "").replace(",", "")
    try:
        amount = Decimal(f"{whole or '0'}.{decimals or '0'}")
    except InvalidOperation as error:
        raise ValueError(f"{cell.strip()[:40]!r} is not an amount") from error
    scaled = amount.scaleb(digits)
    if scaled != scaled.to_integral_value():
        raise ValueError(f"{cell.strip()[:40]!r} has more decimals than the currency")
    if scaled > MOST:
        raise ValueError(f"{cell.strip()[:40]!r} is too much")
    return int(scaled)


def whole(cell: str) -> int:
    """Return a whole number such as a quantity or grams ("8981", "12.0", "1,200"); 0 for an empty cell.

    Raises:
        ValueError: it is not a number.
    """
    text = clean(cell).replace(",", "").replace(" ", "")
    if not text:
        return 0
    try:
        amount = round(Decimal(text))
    except (InvalidOperation, ValueError, OverflowError) as error:
        raise ValueError(f"{cell.strip()[:40]!r} is not a number") from error
    if abs(amount) > 2**31 - 1:
        raise ValueError(f"{cell.strip()[:40]!r} is too large")
    return amount


def flag(cell: str) -> bool | None:
    """Return the meaning of a yes/no cell; None if it is empty or says neither."""
    return {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}.get(
        clean(cell).casefold()
    )


def guard(text: str) -> str:
    """Return a cell that no spreadsheet takes for a formula; `unguard` gives the very text back.

    Numbers stay numbers. A text that begins with an apostrophe gets another, lest it be taken for a guarded one.
    """
    if text.startswith(("'", *_FORMULA)) and not _PLAIN_NUMBER.fullmatch(text):
        return f"'{text}"
    return text


def unguard(cell: str) -> str:
    """Return what a guarded cell was; other cells come back as they are."""
    return cell[1:] if len(cell) > 1 and cell[0] == "'" and cell[1] in ("'", *_FORMULA) else cell


def _both(text: str) -> bool:
    return "." in text and "," in text
