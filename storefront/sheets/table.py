"""Open a file with rows and columns: its encoding, delimiter and header, and its rows with their damage.

A row is damaged if it is not in the file's encoding, if a quote in it is not closed, or if it has not as many cells
as the header. Spreadsheets leave out empty cells at the end of a row: such a row is whole (`short_rows`).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import NamedTuple, TextIO

from storefront.sheets.encodings import decide_encoding
from storefront.sheets.errors import UnreadableFileError
from storefront.sheets.headers import clean_header
from storefront.sheets.rows import RawRow, RowSplitter
from storefront.sheets.short_rows import ShortRows

DELIMITERS = (",", ";", "\t", "|")
_BLANK = "".join(DELIMITERS) + '" \xa0\ufeff'
_ROWS_BEFORE_HEADER = 10
_SEPARATOR = re.compile(r'\ufeff?"?sep=(.)"?')
_FOREIGN = re.compile("[\udc80-\udcff]")
# Encodings that are decided line by line, as sentences name them. Bytes that they do not have become lone surrogates,
# by which their rows are found; of any other encoding `decide_encoding` has decoded the whole file.
_BY_LINE = {"utf-8": "UTF-8", "utf-8-sig": "UTF-8", "cp1252": "Windows-1252"}

Scorer = Callable[[Sequence[str]], int]


@dataclass(frozen=True, slots=True)
class SheetRow:
    """A row.

    Attributes:
        line: the line of the file on which it begins, from 1.
        cells: as many as the header has. Of a damaged row they only serve to find out what it was about.
        damage: why the row cannot be used; empty if it can.
    """

    line: int
    cells: list[str]
    damage: str = ""


@dataclass(slots=True)
class Table:
    """A file whose format is known.

    Attributes:
        encoding: Python's name.
        header: without extra spaces; a column without a name is an empty text.
        notes: sentences on what was decided. Reading all rows may add some.
    """

    path: Path
    encoding: str
    delimiter: str
    header: list[str]
    notes: list[str]
    _skip: int
    _short: ShortRows

    @contextmanager
    def rows(self) -> Iterator[Iterator[SheetRow]]:
        """Open the file and iterate over the rows below the header, without empty ones. Memory does not grow.

        Cells are as they are written; `cells.unescape_formula` takes the apostrophe away that exports add.
        """
        with _open_text(self.path, self.encoding) as file:
            splitter = RowSplitter(file, self.delimiter, width=len(self.header), skip=self._skip)
            yield self._rows(splitter)

    def _rows(self, splitter: RowSplitter) -> Iterator[SheetRow]:
        width, shortened, before = len(self.header), 0, 0
        for raw, after in _with_next(splitter.filled_rows()):
            found = len(raw.cells)
            damage = raw.damage or self._find_foreign_bytes(raw)
            if not damage and found < width:
                damage = self._short.find_damage(raw, before, after)
                shortened += not damage
            elif not damage and found > width and not self._short.is_padded(raw, before, after):
                damage = (
                    f"has {found} cells, but the header has {width}: a cell that contains the delimiter "
                    f"{self.delimiter!r} lacks its quotes"
                )
            before = found
            cells = raw.cells[:width] + [""] * (width - found)
            if damage:
                cells = [_FOREIGN.sub("\ufffd", cell) for cell in cells]
            elif raw.is_last:
                self._note(
                    f"Line {raw.line} is the last, without a line end; check it if the file was cut off."
                )
            yield SheetRow(raw.line, cells, damage)
        if shortened:
            self._note(f"{shortened:,} rows are shorter than the header; the cells that they lack are empty.")

    def _note(self, text: str) -> None:
        if text not in self.notes:
            self.notes.append(text)

    def _find_foreign_bytes(self, raw: RawRow) -> str:
        """Return why a row is not in the file's encoding; empty if it is."""
        text = "\t".join(raw.cells)
        try:
            text.encode()  # faster than a search
        except UnicodeEncodeError as error:
            before = _FOREIGN.sub("\ufffd", text[max(0, error.start - 20) : error.start])
            byte = ord(text[error.start]) - 0xDC00
            return f"is not {_BY_LINE[self.encoding]}: it has the byte {byte:02X} after {before!r}"
        return ""


def open_table(path: Path, *, score_header: Scorer, encoding: str | None = None) -> Table:
    """Decide the encoding, the delimiter and the header of a file.

    Args:
        path: the file.
        score_header: returns how much a row looks like the expected header; 0 if not at all. The best of the first
            rows, over all delimiters, is the header; rows above it are left out, with a note.
        encoding: a name that Python knows; None to decide (`encodings` has the rule).

    Raises:
        UnreadableFileError: there is no such file, it is empty, its encoding must be named, or its header is damaged.
    """
    if not path.is_file():
        raise UnreadableFileError(f"{path} is not a file." if path.exists() else f"There is no file {path}.")
    name, notes = decide_encoding(path, encoding)
    best: _Candidate | None = None
    for delimiter, skip in _delimiters(path, name):
        with _open_text(path, name) as file:
            splitter = RowSplitter(file, delimiter, skip=skip)
            filled = (raw for raw in splitter if any(cell.strip(_BLANK) for cell in raw.cells))
            for place, raw in enumerate(islice(filled, _ROWS_BEFORE_HEADER)):
                # If no header is known, the first row is one, and the most cells speak for the delimiter.
                worth = (
                    score_header([clean_header(cell) for cell in raw.cells]),
                    0 if place else len(raw.cells),
                )
                if best is None or worth > best.worth:
                    best = _Candidate(worth, delimiter, raw, place, splitter.line)
    if best is None:
        raise UnreadableFileError(f"{path} is empty.")
    if best.row.damage or _FOREIGN.search("".join(best.row.cells)):
        reason = (
            best.row.damage
            or f"it is not {_BY_LINE[name]}, as other lines are; name the encoding with --encoding"
        )
        raise UnreadableFileError(f"The header of {path} (line {best.row.line}) cannot be read: {reason}.")
    if best.above:
        notes.append(f"The header is on line {best.row.line}; {best.above} rows above it were left out.")
    header = [clean_header(cell) for cell in best.row.cells]
    with _open_text(path, name) as file:
        splitter = RowSplitter(file, best.delimiter, width=len(header), skip=best.lines)
        short = ShortRows(splitter.filled_rows(), len(header))
    return Table(path, name, best.delimiter, header, notes, best.lines, short)


class _Candidate(NamedTuple):
    """A row that may be the header, the rows above it, and the lines of the file to its end."""

    worth: tuple[int, int]
    delimiter: str
    row: RawRow
    above: int
    lines: int


def _delimiters(path: Path, encoding: str) -> list[tuple[str, int]]:
    """Return the delimiters to try, each with the number of lines to skip: one if the file names its delimiter."""
    with _open_text(path, encoding) as file:
        first = file.readline(100)
    if found := _SEPARATOR.fullmatch(first.strip("\r\n ") if "\t" not in first else first.rstrip("\r\n")):
        return [(found[1], 1)]
    return [(delimiter, 0) for delimiter in DELIMITERS]


def _with_next(rows: Iterator[RawRow]) -> Iterator[tuple[RawRow, int]]:
    """Yield each row with the number of cells of the next one; 0 if there is none."""
    row = next(rows, None)
    while row is not None:
        after = next(rows, None)
        yield row, len(after.cells) if after else 0
        row = after


@contextmanager
def _open_text(path: Path, encoding: str) -> Iterator[TextIO]:
    errors = "surrogateescape" if encoding in _BY_LINE else "strict"
    with path.open(encoding=encoding, newline="", errors=errors) as file:
        yield file
