"""Read numbers as people and spreadsheets write them; what a separator means is decided for each column.

"1.299" is 1,299 in a German column and 1.299 in an English one. A column is decided by its cells that can be read in
one way only ("12,50", "1.250,5", "1,299.00"), else by a hint: the other columns of the file, or a semicolon between
cells, which spreadsheets write where the comma is the decimal sign. A cell that stays doubtful is refused.

Amounts that people type into forms are read by the same rules; there the shop's locale is the hint.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from babel.numbers import get_currency_symbol, get_decimal_symbol

from storefront.money import minor_units
from storefront.sheets.currency_words import find_currencies
from storefront.sheets.number_parts import MAX_NUMBER, NumberParts, shorten_cell, take_apart

MAX_AMOUNT = 10**12  # minor units
MAX_WHOLE = 2**31 - 1


class NumberEvidence:
    """Collects what the cells of a column prove about its decimal sign."""

    def __init__(self) -> None:
        self._proved: set[str] = set()

    def add(self, cell: str) -> None:
        """Take a cell into account; cells that are not numbers prove nothing."""
        if len(self._proved) == 2 or not ("." in cell or "," in cell):
            return
        try:
            parts = take_apart(cell)
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


def parse_amount(text: str, locale: str, currency: str) -> int:
    """Return the minor units of an amount that somebody typed into a form.

    Args:
        text: as people of the locale write it; it may name the currency: "52,90", "1.299,00 €", "1'299.-".
        locale: of the shop; it decides what "1.299" means.
        currency: the ISO 4217 code of the amount.

    Raises:
        ValueError: the text is empty, negative, doubtful or not an amount of that currency; the text says why.
    """
    text = _without_symbol(text[: MAX_NUMBER + 1], get_currency_symbol(currency, locale))
    hint = "," if get_decimal_symbol(locale) == "," else "."
    return NumberReader(hint=hint).amount(text, minor_units(currency), currency=currency)


def _without_symbol(text: str, symbol: str) -> str:
    """Return an amount without the symbol that the locale writes beside it, also where no file would have it.

    Between digits it is the decimal sign: "12€50" is 12.50.
    """
    if cents := re.fullmatch(rf"(.*\d)\s?{re.escape(symbol)}\s?(\d\d)", text.strip()):
        return f"{cents[1]}.{cents[2]}" if cents[1].isdecimal() else text
    sides = text.split(symbol)
    is_word = any(side[-1:].isalpha() for side in sides[:-1]) or any(side[:1].isalpha() for side in sides[1:])
    return text if is_word or (all(sides) and len(sides) > 1) else text.replace(symbol, "", 1)


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
        parts = take_apart(cell)
        shown = shorten_cell(cell)
        if parts.negative:
            raise ValueError(f"{shown} is negative")
        if parts.currency:
            codes = find_currencies(parts.currency)
            if codes is None:
                raise ValueError(f"{shown} is not an amount: {parts.currency[:20]!r} is not a currency")
            if currency and currency not in codes:
                raise ValueError(f"{shown} is not in {currency}, the currency of the shop")
        value = self._value(parts, shown, digits).scaleb(digits)
        if value != value.to_integral_value():
            raise ValueError(f"{shown} has more decimals than the currency")
        if value > MAX_AMOUNT:
            raise ValueError(f"{shown} is too much")
        return int(value)

    def whole(self, cell: str, *, is_exact: bool = False) -> int:
        """Return a whole number such as a quantity or grams, which may be negative; halves are rounded up.

        Args:
            cell: the number as it is written.
            is_exact: whether a fraction is an error: half a unit cannot be on hand.

        Raises:
            ValueError: the cell is empty, doubtful, too large or not a number; the text says why.
        """
        parts = take_apart(cell)
        shown = shorten_cell(cell)
        if parts.currency:
            raise ValueError(f"{shown} is not a number: {parts.currency[:20]!r} stands beside it")
        value = self._value(parts, shown, 0)
        if parts.sign and value != value.to_integral_value():
            raise ValueError(f"{shown} is doubtful: it may be a thousand times as much. {_ADVICE}")
        if is_exact and value != value.to_integral_value():
            raise ValueError(f"{shown} is not a whole number")
        if value > MAX_WHOLE:
            raise ValueError(f"{shown} is too large")
        number = int(value.to_integral_value(ROUND_HALF_UP))
        return -number if parts.negative else number

    def _value(self, parts: NumberParts, shown: str, digits: int) -> Decimal:
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
