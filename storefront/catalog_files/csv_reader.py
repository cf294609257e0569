"""Read a Shopify product CSV row by row: detects encoding, delimiter and header, and keeps line numbers.

Source of the columns: Shopify's help page "Using CSV files to import and export products" (the current header), and
exports made before 2024 (the legacy one).
"""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from storefront.sheets.cells import unescape_formula
from storefront.sheets.errors import UnreadableFileError

Vocabulary = Literal["current", "legacy"]

# Our name: the current header, the legacy header. The order is that of an export.
COLUMNS: dict[str, tuple[str, str]] = {
    "title": ("Title", "Title"),
    "handle": ("URL handle", "Handle"),
    "description": ("Description", "Body (HTML)"),
    "vendor": ("Vendor", "Vendor"),
    "category": ("Product category", "Product Category"),
    "type": ("Type", "Type"),
    "tags": ("Tags", "Tags"),
    "published": ("Published on online store", "Published"),
    "status": ("Status", "Status"),
    "sku": ("SKU", "Variant SKU"),
    "barcode": ("Barcode", "Variant Barcode"),
    "option1_name": ("Option1 name", "Option1 Name"),
    "option1": ("Option1 value", "Option1 Value"),
    "option2_name": ("Option2 name", "Option2 Name"),
    "option2": ("Option2 value", "Option2 Value"),
    "option3_name": ("Option3 name", "Option3 Name"),
    "option3": ("Option3 value", "Option3 Value"),
    "price": ("Price", "Variant Price"),
    "compare_at_price": ("Compare-at price", "Variant Compare At Price"),
    "tracker": ("Inventory tracker", "Variant Inventory Tracker"),
    "quantity": ("Inventory quantity", "Variant Inventory Qty"),
    "policy": ("Continue selling when out of stock", "Variant Inventory Policy"),
    "grams": ("Weight value (grams)", "Variant Grams"),
    "image": ("Product image URL", "Image Src"),
    "image_position": ("Image position", "Image Position"),
    "image_alt": ("Image alt text", "Image Alt Text"),
    "variant_image": ("Variant image URL", "Variant Image"),
    "seo_title": ("SEO title", "SEO Title"),
    "seo_description": ("SEO description", "SEO Description"),
}
REQUIRED = ("title", "price")
MAX_CELL = 16 * 1024 * 1024
_BOMS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
_DELIMITERS = (",", ";", "\t")


@dataclass(frozen=True, slots=True)
class CsvRow:
    """A row.

    Attributes:
        line: the line of the file on which it begins.
        cells: the cells of known columns, by our names (`COLUMNS`).
        extra: the cells of unknown columns, by their headers.
    """

    line: int
    cells: dict[str, str]
    extra: dict[str, str]


@dataclass(frozen=True, slots=True)
class CsvFile:
    """A CSV file with its detected format."""

    path: Path
    encoding: str
    delimiter: str
    header: list[str]

    @contextmanager
    def rows(self) -> Iterator[Iterator[CsvRow]]:
        """Open the file and iterate over its rows."""
        csv.field_size_limit(MAX_CELL)
        with self.path.open(encoding=self.encoding, newline="", errors="strict") as file:
            reader = csv.reader(file, delimiter=self.delimiter)
            next(reader)
            yield self._rows(reader)

    def _rows(self, reader: Iterator[list[str]]) -> Iterator[CsvRow]:
        names = [column_name(header) for header in self.header]
        line = reader.line_num + 1  # type: ignore[attr-defined]
        try:
            for cells in reader:
                known: dict[str, str] = {}
                extra: dict[str, str] = {}
                for header, name, written in zip(self.header, names, cells, strict=False):
                    cell = unescape_formula(written)
                    if name is not None:
                        known.setdefault(name, cell)
                    elif cell and header:
                        extra[header] = cell.replace("\x00", "")
                if any(cells):
                    yield CsvRow(line, known, extra)
                line = reader.line_num + 1  # type: ignore[attr-defined]
        except csv.Error as error:
            raise UnreadableFileError(f"Line {line} cannot be read as CSV: {error}.") from error


def detect_format(path: Path) -> CsvFile:
    """Detect the encoding and the delimiter of a file, and read its header.

    Raises:
        UnreadableFileError: the file does not exist, or it is not a product CSV.
    """
    if not path.is_file():
        raise UnreadableFileError(f"{path} is not a file." if path.exists() else f"There is no file {path}.")
    with path.open("rb") as file:
        start = file.read(65_536)
    if not start.strip():
        raise UnreadableFileError(f"{path} is empty.")
    encoding = _encoding(path, start)
    first = io.StringIO(start.decode(encoding, errors="ignore"), newline="")
    best: list[str] = []
    delimiter = ","
    for candidate in _DELIMITERS:
        first.seek(0)
        header = next(csv.reader(first, delimiter=candidate), [])
        if count_known(header) > count_known(best):
            best, delimiter = header, candidate
    missing = [name for name in REQUIRED if name not in {column_name(cell) for cell in best}]
    if missing or count_known(best) < 3:
        wanted = " and ".join(f"{COLUMNS[n][0]!r} (or {COLUMNS[n][1]!r})" for n in missing)
        raise UnreadableFileError(
            f"{path} is not a Shopify product CSV: its first line has no column {wanted or 'of one'}. "
            "Export the products from Shopify as CSV, or name the columns as docs/importing.md says."
        )
    return CsvFile(path, encoding, delimiter, [" ".join(cell.replace("\ufeff", "").split()) for cell in best])


def _encoding(path: Path, start: bytes) -> str:
    for bom, name in _BOMS:
        if start.startswith(bom):
            return name
    if start.count(0) > len(start) // 4:  # Latin text in UTF-16 has a NUL in every other byte
        return "utf-16-le" if start[1:2] == b"\0" else "utf-16-be"
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        with path.open("rb") as file:
            while chunk := file.read(1 << 20):
                decoder.decode(chunk)
            decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return "cp1252"
    return "utf-8"


def column_name(header: str) -> str | None:
    """Return our name of a column, or None for an unknown one, which the shop only keeps."""
    return _NAMES.get(fold_header(header))


def headers(vocabulary: Vocabulary) -> list[str]:
    """Return the headers of all known columns, in the order of an export."""
    return [pair[0 if vocabulary == "current" else 1] for pair in COLUMNS.values()]


def count_known(header: Sequence[str]) -> int:
    """Return how many cells of a row are headers of known columns."""
    return sum(column_name(cell) is not None for cell in header)


def fold_header(header: str) -> str:
    """Return a header for comparison: without case and extra spaces."""
    return " ".join(header.replace("\ufeff", "").split()).casefold()


_NAMES = {fold_header(header): name for name, headers in COLUMNS.items() for header in headers}
