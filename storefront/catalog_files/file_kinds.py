"""Which reader a file needs: by its header."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from storefront.catalog_files import product_columns
from storefront.catalog_files.file_reader import FileReader
from storefront.catalog_files.file_signatures import check_is_text
from storefront.catalog_files.foreign_files import recognise_header, score_header
from storefront.catalog_files.inventory_rows import InventoryReader
from storefront.catalog_files.product_rows import ProductReader
from storefront.catalog_files.woocommerce import WooCommerceReader
from storefront.sheets.errors import UnreadableFileError
from storefront.sheets.table import Table, open_table


def open_file(path: Path, encoding: str | None) -> Table:
    """Open a file that may be one that can be imported.

    Raises:
        UnreadableFileError: the file is not a table in text, or its encoding or header cannot be read.
    """
    check_is_text(path)
    return open_table(path, score_header=score_header, encoding=encoding)


def choose_reader(table: Table, currency: str, claim: Callable[[str, str], bool]) -> FileReader:
    """Return the reader for a file.

    Args:
        table: the file.
        currency: of the file's prices: the shop's.
        claim: see `WooCommerceReader`.

    Raises:
        UnreadableFileError: the file cannot be imported; the text says what it is, and what to do.
    """
    foreign = recognise_header(table.header)
    if foreign and foreign.kind == "woocommerce":
        return WooCommerceReader(table.header, currency, claim)
    if foreign and foreign.kind == "shopify_inventory":
        inventory = InventoryReader(table.header, currency)
        if not inventory.layout.has("new", "on_hand"):
            raise UnreadableFileError(
                f"{table.path} cannot be imported. {foreign} It has no column 'On hand'; export the inventory again, "
                "with all quantities."
            )
        return inventory
    if foreign and foreign.kind == "translated":
        return ProductReader(table.header, currency, foreign.names)
    if foreign:
        raise UnreadableFileError(f"{table.path} cannot be imported. {foreign}")
    if not product_columns.score_header(table.header):
        found = ", ".join(repr(cell) for cell in table.header[:8] if cell) or "not named"
        raise UnreadableFileError(
            f"{table.path} is not a product CSV that the shop can read. Its columns are {found}; it needs “Title”, "
            "“URL handle” (or “Handle”), “Variant code” or “SKU”, and what they are about, such as “Price”. "
            "docs/importing.md has all columns."
        )
    return ProductReader(table.header, currency)
