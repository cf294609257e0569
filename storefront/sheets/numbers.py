"""Read numbers as people and spreadsheets write them; what a separator means is decided for each column.

"1.299" is 1,299 in a German column and 1.299 in an English one. A column is decided by its cells that can be read in
one way only ("12,50", "1.250,5", "1,299.00"), else by a hint: the other columns of the file, or a semicolon between
cells, which spreadsheets write where the comma is the decimal sign. A cell that stays doubtful is refused.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import NamedTuple

from storefront.sheets.cells import MAX_AMOUNT, MAX_NUMBER, clean_text
from storefront.sheets.currency_words import find_currency

MAX_WHOLE = 2**31 - 1
_MINUS = str.maketrans(dict.fromkeys("−–‐‑‒—―﹣－⁻˗", "-"))
_GROUP_SIGNS = str.maketrans({**dict.fromkeys("’‘`´ʼ＇٬_", "'"), **dict.fromkeys("\u2009\u202f\u00a0", " ")})
_CORE = re.compile(r"[0-9][0-9.,' ]*")
_GROUPED = re.compile(r"[0-9]+|[0-9]{1,3}(?:([.,' ])[0-9]{2,3}(?:\1[0-9]{2,3})*)?")  # India groups by two
_NO_CENTS = re.compile(r"[.,](?:--?)?")  # "1'299.–" and "12,--"


class _Parts(NamedTuple):
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


class NumberEvidence:
    """Collects what the cells of a column prove about its decimal sign."""

    def __init__(self) -> None:
        self._proved: set[str] = set()

    def add(self, cell: str) -> None:
        """Take a cell into account; cells that are not numbers prove nothing."""
        if len(self._proved) == 2 or not ("." in cell or "," in cell):
            return
        try:
            parts = _take_apart(cell)
        except ValueError:
            return
        if parts.decimal:
            self._proved.add(parts.decimal)

    @property
    def decimal(self) -> str:
        """The decimal sign: "." or ","; empty if the cells prove none, or both."""
        return next(iter(self._proved)) if len(self._proved) == 1 else ""

    @property
    def is_contradictory(self) -> bool:
        """Whether some cells prove one sign, and others the other."""
        return len(self._proved) == 2


def decide_hint(delimiter: str, columns: Iterable[NumberEvidence]) -> str:
    """Return the decimal sign that a file shows outside a column: "." or ",", empty if it shows none.

    Args:
        delimiter: of the file; a semicolon speaks for the comma as decimal sign.
        columns: the evidence of all its columns with numbers.
    """
    found = {column.decimal for column in columns} - {""}
    if len(found) == 1:
        return found.pop()
    return "," if delimiter == ";" and not found else ""


@dataclass(frozen=True, slots=True)
class NumberReader:
    """Reads the numbers of one column.

    Attributes:
        decimal: the decimal sign that the column proves: ".", "," or empty.
        hint: the decimal sign of the file; used if the column proves none.
        is_contradictory: whether the column proves both signs; then no hint helps.
    """

    decimal: str = ""
    hint: str = ""
    is_contradictory: bool = False

    @classmethod
    def decide(cls, cells: Iterable[str], *, hint: str = "") -> NumberReader:
        """Return the reader of a column with these cells; `hint` is what `decide_hint` returned for the file."""
        evidence = NumberEvidence()
        for cell in cells:
            evidence.add(cell)
        return cls.from_evidence(evidence, hint=hint)

    @classmethod
    def from_evidence(cls, evidence: NumberEvidence, *, hint: str = "") -> NumberReader:
        """Return the reader of a column whose cells have been added to this evidence."""
        return cls(evidence.decimal, hint, evidence.is_contradictory)

    def amount(self, cell: str, digits: int, *, currency: str = "") -> int:
        """Return an amount in minor units.

        Args:
            cell: may have a currency before or after the number.
            digits: decimals of the currency (ISO 4217).
            currency: the ISO 4217 code that the cell may name; empty: any.

        Raises:
            ValueError: the cell is empty, negative, doubtful or not an amount of that currency; the text says why.
        """
        parts = _take_apart(cell)
        shown = _shown(cell)
        if parts.negative:
            raise ValueError(f"{shown} is negative")
        if parts.currency:
            code = find_currency(parts.currency)
            if code is None:
                raise ValueError(f"{shown} is not an amount: {parts.currency[:20]!r} is not a currency")
            if currency and code not in ("", currency):
                raise ValueError(f"{shown} is not in {currency}, the currency of the shop")
        value = self._value(parts, shown, digits).scaleb(digits)
        if value != value.to_integral_value():
            raise ValueError(f"{shown} has more decimals than the currency")
        if value > MAX_AMOUNT:
            raise ValueError(f"{shown} is too much")
        return int(value)

    def whole(self, cell: str) -> int:
        """Return a whole number such as a quantity or grams, which may be negative; halves are rounded up.

        Raises:
            ValueError: the cell is empty, doubtful, too large or not a number; the text says why.
        """
        parts = _take_apart(cell)
        shown = _shown(cell)
        if parts.currency:
            raise ValueError(f"{shown} is not a number: {parts.currency[:20]!r} stands beside it")
        value = self._value(parts, shown, 0)
        if parts.sign and value != value.to_integral_value():
            raise ValueError(f"{shown} is doubtful: it may be a thousand times as much. {_ADVICE}")
        if value > MAX_WHOLE:
            raise ValueError(f"{shown} is too large")
        number = int(value.to_integral_value(ROUND_HALF_UP))
        return -number if parts.negative else number

    def _value(self, parts: _Parts, shown: str, digits: int) -> Decimal:
        if not parts.sign:
            return Decimal(f"{parts.whole}.{parts.fraction or '0'}")
        decimal = self._decimal_for(parts.sign, digits)
        if decimal is None or (decimal == parts.sign != self.decimal and digits < 3):
            raise ValueError(
                f"{shown} is doubtful: the separator may be of thousands or of decimals. {_ADVICE}"
            )
        return Decimal(f"{parts.whole}{'.' if decimal == parts.sign else ''}{parts.fraction}")

    def _decimal_for(self, sign: str, digits: int) -> str | None:
        """Return the decimal sign by which a doubtful cell is read; None if it cannot be decided."""
        if self.is_contradictory:
            return None
        if self.decimal or self.hint:
            return self.decimal or self.hint
        if digits >= 3:
            return "." if sign == "." else None
        # Nobody has proved anything. "1,299" is 1,299 everywhere but in columns of three decimals.
        return "." if sign == "," else None


_ADVICE = "Write it without separators of thousands."


def _shown(cell: str) -> str:
    return repr(cell.strip()[:40])


def _take_apart(cell: str) -> _Parts:
    if not clean_text(cell[: MAX_NUMBER + 1]):
        raise ValueError("is empty")
    shown = _shown(cell)
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
    digits = "".join(
        str(unicodedata.decimal(sign)) if not sign.isascii() and sign.isdecimal() else sign for sign in text
    )
    wide = digits.replace("，", ",").replace("．", ".").replace("（", "(").replace("）", ")")
    return wide.translate(_MINUS).translate(_GROUP_SIGNS)


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


def _split_number(number: str, negative: bool, currency: str, shown: str, *, arabic: bool) -> _Parts:
    points, commas = number.count("."), number.count(",")
    other = any(sign in number for sign in "' ")
    last = max(number.rfind("."), number.rfind(","))
    sign = number[last] if last >= 0 else ""
    tail = len(number) - last - 1
    if not sign or (points + commas > 1 and not (points and commas)):  # only separators of thousands
        if not _is_grouped(number):
            raise ValueError(f"{shown} is not a number")
        proved = "" if not sign else "," if sign == "." else "."
        return _Parts(negative, _digits(number), "", "", proved, currency)
    head, fraction = number[:last], number[last + 1 :]
    if not _is_grouped(head) or not fraction.isdecimal() or head.count(sign):
        raise ValueError(f"{shown} is not a number")
    doubtful = (
        points + commas == 1 and tail == 3 and not other and not arabic and len(head) <= 3 and head[0] != "0"
    )
    return _Parts(
        negative, _digits(head), sign if doubtful else "", fraction, "" if doubtful else sign, currency
    )


def _is_grouped(text: str) -> bool:
    """Return whether separators of thousands stand where they may: the last group has three digits."""
    return bool(_GROUPED.fullmatch(text)) and (text.isdecimal() or text[-4] in ".,' ")


def _digits(text: str) -> str:
    return re.sub(r"[.,' ]", "", text)
