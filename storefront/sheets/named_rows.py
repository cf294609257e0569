"""Read a file whose columns are found by their headers, for files with one meaning of each column."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from storefront.sheets.errors import UnreadableFileError
from storefront.sheets.headers import fold_header
from storefront.sheets.numbers import NumberEvidence, NumberReader
from storefront.sheets.table import Table, open_table


@dataclass(frozen=True, slots=True)
class NamedRow:
    """A row: the line on which it begins, its cells by header in lower case, and how it is damaged (or empty)."""

    line: int
    cells: Mapping[str, str]
    damage: str


@dataclass(frozen=True, slots=True)
class NamedTable:
    """A file whose header has the required columns. `columns` are its headers in lower case, in order."""

    table: Table
    columns: tuple[str, ...]

    @contextmanager
    def rows(self) -> Iterator[Iterator[NamedRow]]:
        """Open the file and iterate over its rows."""
        with self.table.rows() as rows:
            yield (
                NamedRow(row.line, dict(zip(self.columns, row.cells, strict=False)), row.damage)
                for row in rows
            )

    def number_readers(self, columns: Collection[str]) -> dict[str, NumberReader]:
        """Return the reader of each of these columns, decided by all its cells; reads the file once."""
        evidence = {column: NumberEvidence() for column in columns}
        with self.rows() as rows:
            for row in rows:
                for column, found in evidence.items():
                    found.add(row.cells.get(column, ""))
        return {column: NumberReader.from_evidence(found) for column, found in evidence.items()}


def open_named_table(
    path: Path, known: Collection[str], required: Collection[str], *, what: str, encoding: str | None = None
) -> NamedTable:
    """Open a file and find its columns.

    Args:
        path: the file.
        known: the headers that the caller uses, in lower case.
        required: those without which the file is not what the caller expects.
        what: what the file should be, for the error, such as "an orders export".
        encoding: of the file; None detects it.

    Raises:
        UnreadableFileError: the file cannot be read, or lacks a required column.
    """
    table = open_table(
        path, score_header=lambda cells: sum(fold_header(cell) in known for cell in cells), encoding=encoding
    )
    columns = tuple(fold_header(cell) for cell in table.header)
    if missing := [name for name in required if name not in columns]:
        raise UnreadableFileError(
            f"{path} is not {what}: it has no column {', '.join(repr(name) for name in missing)} "
            f"(found: {', '.join(table.header[:8])})."
        )
    return NamedTable(table, columns)
