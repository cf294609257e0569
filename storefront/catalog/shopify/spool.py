"""Rows put in the order of their products, wherever they stand in the file: on disk, so that size does not matter."""

from __future__ import annotations

import sqlite3
import tempfile
from collections.abc import Iterable, Iterator
from itertools import groupby
from pathlib import Path

import msgspec

from storefront.catalog.shopify.csv_reader import CsvRow


class RowSpool:
    """A temporary SQLite file of rows; removed when it is closed."""

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="storefront-import-")
        self._db = sqlite3.connect(Path(self._folder.name) / "rows.sqlite3", isolation_level=None)
        self._db.execute("PRAGMA journal_mode=OFF")
        self._db.execute("PRAGMA synchronous=OFF")
        self._db.execute("CREATE TABLE product (id INTEGER PRIMARY KEY, handle TEXT UNIQUE)")
        self._db.execute("CREATE TABLE row (product INTEGER, line INTEGER, cells BLOB)")
        self._db.execute("CREATE TABLE sku (sku TEXT PRIMARY KEY, handle TEXT) WITHOUT ROWID")
        self.products = 0

    def add_rows(self, rows: Iterable[tuple[str, CsvRow]]) -> None:
        """Take in all rows, each with the handle of its product."""
        encode = msgspec.msgpack.encode
        self._db.execute("BEGIN")
        for handle, row in rows:
            self._db.execute("INSERT OR IGNORE INTO product (handle) VALUES (?)", (handle,))
            self._db.execute(
                "INSERT INTO row SELECT id, ?, ? FROM product WHERE handle = ?",
                (row.line, encode(row), handle),
            )
        self._db.execute("COMMIT")
        self._db.execute("CREATE INDEX row_product ON row (product, line)")
        self.products = self._db.execute("SELECT count(*) FROM product").fetchone()[0]

    def by_product(self) -> Iterator[tuple[str, list[CsvRow]]]:
        """Give each product's handle and rows, in the order in which the products first stand in the file."""
        decode = msgspec.msgpack.Decoder(CsvRow).decode
        cursor = self._db.execute(
            "SELECT handle, cells FROM product CROSS JOIN row ON row.product = product.id ORDER BY product.id, line"
        )
        for handle, found in groupby(cursor, key=lambda pair: pair[0]):
            yield handle, [decode(cells) for _, cells in found]

    def claim_sku(self, sku: str, handle: str) -> bool:
        """Return whether this SKU is free in this file, and take it."""
        return self._db.execute("INSERT OR IGNORE INTO sku VALUES (?, ?)", (sku, handle)).rowcount == 1

    def close(self) -> None:
        """Remove the file."""
        self._db.close()
        self._folder.cleanup()
