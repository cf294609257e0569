"""What the export commands share: the argument FILE, the file itself, and the line that says what is in it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import click

from storefront.sheets.writer import STANDARD_OUTPUT, CsvWriter, open_csv
from storefront.terminal import errors_for_people

file_argument = click.argument("file", type=click.Path(path_type=Path, allow_dash=True))


def export_to(file: Path, what: str, write: Callable[[CsvWriter], int], *, personal: bool = False) -> None:
    """Write a CSV file, and say how much it holds unless it is the standard output.

    Args:
        file: the file; "-" is the standard output.
        what: what it holds, in the plural.
        write: writes the rows, and returns how many of these things it has written.
        personal: whether the file holds personal data (see `open_csv`).
    """
    with errors_for_people(), open_csv(file, personal=personal) as writer:
        number = write(writer)
    if file != STANDARD_OUTPUT:
        click.echo(f"Exported {number:,} {what} to {file}.")
