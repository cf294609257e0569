"""The numbers of a file: how to read them is decided for each column, from all of its cells."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Literal

from storefront.catalog_files.product_columns import ProductRow
from storefront.sheets.numbers import NumberEvidence, NumberReader, decide_hint

NumberKind = Literal["amount", "whole", "rounded", "decimal"]
MILLIONTHS = 6
_MAX_KNOWN = 4096  # cells of a column that are remembered: numbers repeat


class NumberColumns:
    """How the columns of one file write numbers.

    Args:
        kinds: what a column holds, by our name of the column.
        digits: the decimals of the shop's currency.
        currency: the currency that a price may name.
    """

    def __init__(self, kinds: Mapping[str, NumberKind], digits: int, currency: str) -> None:
        self._kinds, self._digits, self._currency = kinds, digits, currency
        self._evidence = {name: NumberEvidence() for name in kinds}
        self._seen: dict[str, set[str]] = {name: set() for name in kinds}
        self._readers: dict[str, NumberReader] = {}
        self._known: dict[str, dict[str, int]] = {name: {} for name in kinds}

    def add(self, row: ProductRow) -> None:
        """Take the cells of a row into account."""
        for name, seen in self._seen.items():
            cell = row.cells.get(name)
            if cell and cell not in seen:
                self._evidence[name].add(cell)
                if len(seen) < _MAX_KNOWN:
                    seen.add(cell)

    def decide(self, delimiter: str) -> None:
        """Decide on each column; the delimiter of the file is a hint."""
        hint = decide_hint(delimiter, self._evidence.values())
        self._readers = {
            name: NumberReader.from_evidence(found, hint=hint) for name, found in self._evidence.items()
        }
        self._seen.clear()

    def read(self, name: str, cell: str) -> int:
        """Return a price in minor units of the shop's currency, a whole number, or a decimal one in millionths.

        Raises:
            ValueError: the cell is not a number of that kind, or it is doubtful; the text says why.
        """
        known = self._known[name]
        if cell not in known:
            if len(known) >= _MAX_KNOWN:
                known.clear()
            known[cell] = self._read(name, cell)
        return known[cell]

    def _read(self, name: str, cell: str) -> int:
        reader = self._readers[name]
        readers: dict[NumberKind, Callable[[], int]] = {
            "amount": lambda: reader.amount(cell, self._digits, currency=self._currency),
            "whole": lambda: reader.whole(cell, is_exact=True),
            "rounded": lambda: reader.whole(cell),
            "decimal": lambda: reader.amount(cell, MILLIONTHS),
        }
        return readers[self._kinds[name]]()
