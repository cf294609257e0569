"""Take the number in a cell apart: its sign, its digits, its separators, and what stands beside it."""

from __future__ import annotations

import re
from typing import NamedTuple

from storefront.sheets.cells import clean_text
from storefront.unicode_text import ascii_digits

MAX_NUMBER = 100  # characters of a cell with a number
_MINUS = str.maketrans(dict.fromkeys("−–‐‑‒—―﹣－⁻˗", "-"))
_GROUP_SIGNS = str.maketrans(
    {**dict.fromkeys("’‘`´ʼ＇٬،⹁_", "'"), **dict.fromkeys("\u2009\u202f\u00a0", " ")}
)
# Around prices of Arabic, Hebrew and Persian shops, and around copied ones.
_DIRECTION_MARKS = dict.fromkeys([0x200E, 0x200F, 0x061C, *range(0x202A, 0x202F), *range(0x2066, 0x206A)])
_CORE = re.compile(r"[0-9][0-9.,' ]*")
_GROUPED = re.compile(r"[0-9]+|[0-9]{1,3}(?:([.,' ])[0-9]{2,3}(?:\1[0-9]{2,3})*)?")  # India groups by two
_NO_CENTS = re.compile(r"[.,:](?:--?)?")  # "1'299.–", "12,--" and, in Sweden, "12:-"


class NumberParts(NamedTuple):
    """A number that has been taken apart.

    Attributes:
        whole: digits before the decimal sign, if it is known; else all signs.
        sign: the separator that is doubtful: "." or "," before exactly three digits; empty if nothing is.
        fraction: digits after the decimal sign, or after the doubtful separator.
        decimal: the decimal sign that the cell proves; empty if it proves none.
        currency: what stands beside the number, cleaned; empty if nothing does.
    """

    negative: bool
    whole: str
    sign: str
    fraction: str
    decimal: str
    currency: str


def shorten_cell(cell: str) -> str:
    """Return the beginning of a cell in quotes, for the sentence of an error."""
    return repr(cell.strip()[:40])


def take_apart(cell: str) -> NumberParts:
    """Return the parts of the number in a cell.

    Raises:
        ValueError: the cell is empty, or not a number; the text says why.
    """
    if not clean_text(cell[: MAX_NUMBER + 1]):
        raise ValueError("is empty")
    shown = shorten_cell(cell)
    if len(cell) > MAX_NUMBER:
        raise ValueError(f"{shown}… is not a number")
    text = _to_ascii(clean_text(cell))
    if any(sign in text for sign in "%‰٪"):
        raise ValueError(f"{shown} is a percentage")
    arabic = "٫" in text
    text = text.replace("٫", ".")
    start = re.search("[0-9]", text)
    if start is None:
        raise ValueError(f"{shown} is not a number")
    core = _CORE.match(text, start.start())
    assert core is not None  # noqa: S101 - it begins with the digit that was found
    before, number, after = text[: start.start()], core[0].rstrip(" '"), text[core.end() :]
    if number[-1] in ".,":  # "5.", "12,-", "1'299.-"
        number = number[:-1]
        after = _NO_CENTS.sub("", f"{core[0].rstrip()[-1]}{after}", count=1)
    elif after.startswith(":-"):
        after = _NO_CENTS.sub("", after, count=1)
    if before.endswith((".", ",")) and not before[:-1][-1:].isalpha():  # ".5", but not "Rs.5"
        before, number = before[:-1], f"0{before[-1]}{number}"
    if re.match(r"[eE][-+]?[0-9]", after):
        raise ValueError(
            f"{shown} is shortened by a spreadsheet; format its column as a number without decimals"
        )
    negative, currency = _read_surroundings(before, after, shown)
    return _split_number(number, negative, currency, shown, arabic=arabic)


def _to_ascii(text: str) -> str:
    """Return a text with digits of all scripts as 0 to 9, and with one kind of minus and of each separator."""
    wide = ascii_digits(text).replace("，", ",").replace("．", ".").replace("（", "(").replace("）", ")")
    return wide.translate(_DIRECTION_MARKS).translate(_MINUS).translate(_GROUP_SIGNS)


def _read_surroundings(before: str, after: str, shown: str) -> tuple[bool, str]:
    """Return whether the number is negative, and the currency beside it."""
    before, after = before.strip(), after.strip()
    signs = before.count("-") + after.count("-")
    brackets = before.count("(") + after.count(")")
    plus = before.count("+") + after.count("+")
    if brackets not in (0, 2) or signs + plus + brackets // 2 > 1 or "(" in after or ")" in before:
        raise ValueError(f"{shown} is not a number")
    names = [re.sub(r"[-+()\s]", "", side) for side in (before, after)]
    if all(names):
        raise ValueError(f"{shown} is not a number")
    return bool(signs or brackets), names[0] or names[1]


def _split_number(number: str, negative: bool, currency: str, shown: str, *, arabic: bool) -> NumberParts:
    points, commas = number.count("."), number.count(",")
    other = any(sign in number for sign in "' ")
    last = max(number.rfind("."), number.rfind(","))
    sign = number[last] if last >= 0 else ""
    tail = len(number) - last - 1
    if not sign or (points + commas > 1 and not (points and commas)):  # only separators of thousands
        if not _is_grouped(number):
            raise ValueError(f"{shown} is not a number")
        proved = "" if not sign else "," if sign == "." else "."
        return NumberParts(negative, _digits(number), "", "", proved, currency)
    head, fraction = number[:last], number[last + 1 :]
    if not _is_grouped(head) or not fraction.isdecimal() or head.count(sign):
        raise ValueError(f"{shown} is not a number")
    doubtful = (
        points + commas == 1 and tail == 3 and not other and not arabic and len(head) <= 3 and head[0] != "0"
    )
    return NumberParts(
        negative, _digits(head), sign if doubtful else "", fraction, "" if doubtful else sign, currency
    )


def _is_grouped(text: str) -> bool:
    """Return whether separators of thousands stand where they may: the last group has three digits."""
    return bool(_GROUPED.fullmatch(text)) and (text.isdecimal() or text[-4] in ".,' ")


def _digits(text: str) -> str:
    return re.sub(r"[.,' ]", "", text)
