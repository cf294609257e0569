"""The one way to write a CSV file: UTF-8, commas, no cell that a spreadsheet runs as a formula.

A file takes its place only when it is complete: until then an older file with that name stays. Memory use does not
grow with the file.
"""

from __future__ import annotations

import io
import os
import re
import sys
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from storefront.errors import StorefrontError
from storefront.sheets.cells import escape_formula

STANDARD_OUTPUT = Path("-")
# The module csv of Python 3.11 leaves a lone \r unquoted, and then cannot read it.
_QUOTED = re.compile(r'[,"\r\n]')


class UnwritableFileError(StorefrontError):
    """The file cannot be written there; the text says why."""


class CsvWriter:
    """Writes rows to an open text file (RFC 4180, lines end with a line feed)."""

    def __init__(self, file: IO[str]) -> None:
        self._file = file
        self.rows = 0

    def write_row(self, cells: Iterable[object]) -> None:
        """Write a row: None becomes an empty cell, everything else its `str`, with formulas neutralised."""
        line = ",".join(_quote("" if cell is None else str(cell)) for cell in cells)
        self._file.write((line or '""') + "\n")  # an empty line would be no row
        self.rows += 1


@contextmanager
def open_csv(path: Path, *, personal: bool = False) -> Iterator[CsvWriter]:
    """Open a CSV file for writing; "-" is the standard output.

    Args:
        path: the file. A link leads to its target. A device or a pipe is written directly.
        personal: whether the file holds personal data: then only its owner may read it (mode 0600, else 0644).

    Raises:
        UnwritableFileError: there is no such folder, the path is a folder, or it cannot be written there.
    """
    if path == STANDARD_OUTPUT:
        if isinstance(sys.stdout, io.TextIOWrapper):
            # Whatever the terminal's is: a file says the same everywhere.
            sys.stdout.reconfigure(encoding="utf-8")
        yield CsvWriter(sys.stdout)
        return
    target = path.resolve()
    if target.is_dir():
        raise UnwritableFileError(f"{path} is a folder. Name a file in it.")
    if not target.parent.is_dir():
        raise UnwritableFileError(f"There is no folder {target.parent}. Create it, or name another file.")
    if target.exists() and not target.is_file():
        with _reported(path), target.open("w", newline="", encoding="utf-8") as file:
            yield CsvWriter(file)
        return
    with _reported(path), _replacing(target, 0o600 if personal else 0o644) as file:
        yield CsvWriter(file)


@contextmanager
def _replacing(target: Path, mode: int) -> Iterator[IO[str]]:
    """Open a temporary file beside the target that takes its place at the end; an exception removes it."""
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name[:100]}.", suffix=".part")
    draft = Path(name)
    try:
        with os.fdopen(handle, "w", newline="", encoding="utf-8") as file:
            yield file
            os.fchmod(file.fileno(), mode)
        draft.replace(target)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise


@contextmanager
def _reported(path: Path) -> Iterator[None]:
    """Turn an error of the system that concerns a file (no permission, no space) into a sentence."""
    try:
        yield
    except OSError as error:
        raise UnwritableFileError(f"Cannot write {path}: {error.strerror or error}.") from error


def _quote(cell: str) -> str:
    text = escape_formula(cell)
    return '"' + text.replace('"', '""') + '"' if _QUOTED.search(text) else text
