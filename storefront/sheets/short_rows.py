"""Tell a row that lost cells from one whose empty last cells a spreadsheet left out.

Numbers leaves out all empty cells at the end of a row, Excel those of a block of rows, so that neighbours have the
same width. Where a file writes such cells, a single short row is damaged. So is the end of a file without a line end,
a row that lacks a number that all others have, and one with a word where all others have a number.

A row with empty cells beyond the header is padded, if its neighbours or all rows are. Else a delimiter within a cell
may have moved its cells, of which the last one is empty.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import islice

from storefront.sheets.rows import RawRow

_SAMPLE = 1000
_MANY = 3  # short rows that show that the program which wrote the file leaves empty cells out
_NUMBER = re.compile(r"[^\w]*\d[\d\W]*")


class ShortRows:
    """What the first rows of a file say of its short rows.

    Args:
        rows: the rows below the header that are not empty.
        width: the number of cells of the header.
    """

    def __init__(self, rows: Iterable[RawRow], width: int) -> None:
        self._width = width
        self._writes_empty = False
        numbers: set[int] | None = None
        short = 0
        for row in islice(rows, _SAMPLE):
            if row.damage:
                continue
            if len(row.cells) < width:
                short += 1
                continue
            self._writes_empty = self._writes_empty or not row.cells[-1].strip()
            places = range(width) if numbers is None else numbers
            if len(row.cells) > width:
                continue
            numbers = {place for place in places if _NUMBER.fullmatch(row.cells[place][:100])}
        self._numbers = numbers or set()
        self._has_full = numbers is not None
        self._leaves_out = not self._writes_empty and short >= _MANY

    def find_damage(self, row: RawRow, before: int, after: int) -> str:
        """Return why a short row is damaged; empty if it only lacks empty cells.

        Args:
            row: with fewer cells than the header.
            before: the cells of the row before it.
            after: the cells of the row after it; 0 if there is none.
        """
        found = len(row.cells)
        problem = f"has {found} cells, but the header has {self._width}"
        if row.is_last:
            return f"{problem}, and the file ends there without a line end: it was cut off"
        if row.is_doubtful:
            return f"{problem}; it is a part of a cell whose quote is not closed"
        if self._writes_empty and found not in (before, after):
            return f"{problem}: cells are missing"
        if self._leaves_out and not row.cells[-1].strip() and found not in (before, after):
            return f"{problem}: cells are missing"
        for place in self._numbers:
            if place >= found and not self._leaves_out:
                return f"{problem}: it lacks the number that all rows have in column {place + 1}"
            if place < found and _is_word(row.cells[place]):
                return (
                    f"{problem}: all rows have a number in column {place + 1}, not {row.cells[place][:40]!r}"
                )
        return ""

    def is_padded(self, row: RawRow, before: int, after: int) -> bool:
        """Return whether a row with more cells than the header only has empty ones beyond it.

        Args:
            row: with more cells than the header.
            before: the cells of the row before it.
            after: the cells of the row after it; 0 if there is none.
        """
        if any(map(str.strip, row.cells[self._width :])):
            return False
        if any(_is_word(row.cells[place]) for place in self._numbers):
            return False
        return not self._has_full or len(row.cells) in (before, after)


def _is_word(cell: str) -> bool:
    """Return whether a cell has a text that is not a number."""
    return bool(cell.strip()) and not _NUMBER.fullmatch(cell[:100])
