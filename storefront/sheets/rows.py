"""Split the lines of a delimited file into rows (RFC 4180), and go on after damage.

A quoted cell may hold line ends. If its quote is not closed, it swallows the rows after it: then only the row with
the quote is damaged, and the lines after it are read again. The work stays linear, because the text that is read
again may be at most as long as twice the text before it; after that a cell may go over a few lines only.
"""

from __future__ import annotations

import csv
import re
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import IO

from storefront.sheets.errors import UnreadableFileError

MAX_CELL = 16 * 1024 * 1024  # characters
_FEW_LINES = 8
_FREE = 65_536  # characters that may always be read again
_WIDE = 8  # columns; text within a cell seldom has as many delimiters as a row of such a file
_QUOTED = re.compile(r'"[^"]*"')

OPEN_QUOTE = "a quote is not closed, so the cell would swallow the lines after it"
STRAY_QUOTE = "a quote within a quoted cell is not doubled"
CUT = "the file ends within a quoted cell: it was cut off, or the quote is not closed"


@dataclass(slots=True)
class RawRow:
    """A row as it is written.

    Attributes:
        line: the line of the file on which it begins.
        cells: its cells; of a damaged row as far as they can be told apart.
        damage: why the cells cannot be trusted; empty if they can.
        is_doubtful: whether the row was read again after a quote that is not closed.
        is_last: whether the file ends with this row, without a line end.
    """

    line: int
    cells: list[str]
    damage: str = ""
    is_doubtful: bool = False
    is_last: bool = False


class RowSplitter:
    """Iterates over the rows of an open text file.

    Args:
        file: opened with newline="".
        delimiter: one character.
        width: the number of cells of the header; 0 if it is not known yet.
        skip: lines that are left out at the beginning.
    """

    def __init__(self, file: IO[str], delimiter: str, *, width: int = 0, skip: int = 0) -> None:
        csv.field_size_limit(MAX_CELL)
        self._file = file
        self._delimiter = delimiter
        self.width = width
        self._ahead: deque[str] = deque()
        self._read_once = self._read_again = 0
        self.line = 0  # lines of finished rows
        self._doubtful_until = 0
        self._ends_open = False  # whether the last line that was read has no line end
        for _ in range(skip):
            self._take()

    def __iter__(self) -> Iterator[RawRow]:
        """Yield the rows; empty lines are rows with one empty cell."""
        while first := self._take():
            line = self.line
            if '"' in first:
                row = self._quoted(first, line)
            else:
                row = RawRow(line, first.rstrip("\r\n").split(self._delimiter))
            row.is_doubtful = line <= self._doubtful_until
            row.is_last = self._ends_open and not self._ahead
            yield row

    def filled_rows(self) -> Iterator[RawRow]:
        """Yield the rows that are not empty."""
        return (row for row in self if any(map(str.strip, row.cells)))

    def _take(self) -> str:
        """Return the next line, empty at the end of the file."""
        self.line += 1
        return self._ahead.popleft() if self._ahead else self._read_line()

    def _read_line(self) -> str:
        line = self._file.readline(MAX_CELL)
        if len(line) >= MAX_CELL:
            raise UnreadableFileError(f"Line {self.line} is longer than {MAX_CELL:,} characters.")
        self._read_once += len(line)
        if line:
            self._ends_open = line[-1] not in "\r\n"
        return line

    def _quoted(self, first: str, line: int) -> RawRow:
        rest: list[str] = []
        try:
            cells = next(csv.reader(self._feed(first, rest), delimiter=self._delimiter, strict=True))
        except csv.Error as error:
            at_end = "end of data" in str(error)  # else text follows a closing quote
            damage = CUT if at_end and not self._has_more() else OPEN_QUOTE if rest or at_end else STRAY_QUOTE
        else:
            damage = OPEN_QUOTE if rest and self._has_swallowed(cells, first, rest) else ""
            if not damage:
                self.line += len(rest)
                return RawRow(line, cells)
        self._ahead.extendleft(reversed(rest))
        self._read_again += sum(map(len, rest))
        self._doubtful_until = max(self._doubtful_until, line + len(rest))
        return RawRow(line, self._split_roughly(first), damage)

    def _feed(self, first: str, rest: list[str]) -> Iterator[str]:
        """Yield the first line, and those after it as long as they are asked for; record them in `rest`."""
        yield first
        size = len(first)
        few = self._read_again > 2 * self._read_once + _FREE
        while size < MAX_CELL and not (few and len(rest) >= _FEW_LINES):
            line = self._ahead.popleft() if self._ahead else self._read_line()
            if not line:
                return
            rest.append(line)
            size += len(line)
            yield line

    def _has_more(self) -> bool:
        if not self._ahead and (line := self._read_line()):
            self._ahead.append(line)
        return bool(self._ahead)

    def _has_swallowed(self, cells: Sequence[str], first: str, rest: Sequence[str]) -> bool:
        """Return whether a row over several lines holds what were rows: its width is wrong, or theirs is right."""
        if not self.width:
            return False
        if len(cells) > self.width and any(map(str.strip, cells[self.width :])):
            return True
        goes_on = self._count_cells(first) < self.width  # after the lines, as a row with such a cell does
        alike = [self._count_cells(line) == self.width for line in rest]
        if len(cells) < self.width:
            return any(alike) or not goes_on
        if goes_on or self.width <= 2:
            return False
        if self.width < _WIDE:
            return all(alike)
        open_cell = _QUOTED.sub("", first).rpartition('"')[2]
        is_complete = self._count_cells(first) == self.width and self._delimiter in open_cell
        return is_complete or any(alike)

    def _count_cells(self, line: str) -> int:
        return _QUOTED.sub("", line).count(self._delimiter) + 1

    def _split_roughly(self, line: str) -> list[str]:
        return [cell.strip('"') for cell in line.rstrip("\r\n").split(self._delimiter)]
