"""The rows of a file, grouped by product in a temporary SQLite file: memory use does not grow with the file."""

from __future__ import annotations

import sqlite3
import tempfile
from collections.abc import Iterable, Iterator
from itertools import groupby, islice
from pathlib import Path
from types import TracebackType
from typing import NamedTuple, Self

import msgspec

# Of one product, so that its rows fit into memory: 2,048 variants, 250 pictures, and room for repeated ones.
MAX_ROWS = 5_000


class SpooledRow(NamedTuple):
    """A row of a file.

    Attributes:
        line: the line of the file on which it begins.
        cells: as many as the header has.
        damage: why the row cannot be trusted; empty if it can.
        key: its product: rows with the same key are one product.
        codes: the codes and labels that the row uses.
        own_code: the code in our own column for it; empty if the file has none.
        aliases: other keys by which rows name the same product.
        plain_key: a key that the product takes instead if no other product of the file has it, or wants it.
    """

    line: int
    cells: list[str]
    damage: str
    key: str
    codes: tuple[str, ...] = ()
    own_code: str = ""
    aliases: tuple[str, ...] = ()
    plain_key: str = ""


class RowSpool:
    """A context manager that holds the rows of one file."""

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="storefront-import-")
        self._db = sqlite3.connect(Path(self._folder.name) / "rows.sqlite3", isolation_level=None)
        self._db.execute("PRAGMA journal_mode=OFF")
        self._db.execute("PRAGMA synchronous=OFF")
        self._db.execute("CREATE TABLE product (id INTEGER PRIMARY KEY, key TEXT UNIQUE)")
        self._db.execute("CREATE TABLE row (product INTEGER, line INTEGER, cells BLOB, damage TEXT)")
        self._db.execute("CREATE TABLE code (code TEXT PRIMARY KEY, uses INTEGER) WITHOUT ROWID")
        self._db.execute("CREATE TABLE own_code (code TEXT PRIMARY KEY) WITHOUT ROWID")
        self._db.execute("CREATE TABLE claim (name TEXT PRIMARY KEY, key TEXT) WITHOUT ROWID")
        self._db.execute("CREATE TABLE alias (alias TEXT PRIMARY KEY, key TEXT) WITHOUT ROWID")
        self._db.execute("CREATE TABLE plain (product INTEGER PRIMARY KEY, key TEXT)")
        self.products = 0
        self.rows = 0

    def __enter__(self) -> Self:
        """Return the spool."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Delete the temporary file."""
        self._db.close()
        self._folder.cleanup()

    def add_rows(self, rows: Iterable[SpooledRow]) -> None:
        """Add all rows of the file."""
        encode = msgspec.msgpack.encode
        self._db.execute("BEGIN")
        last, product = None, 0
        for row in rows:
            if row.key != last:
                self._db.execute("INSERT OR IGNORE INTO product (key) VALUES (?)", (row.key,))
                found = self._db.execute("SELECT id FROM product WHERE key = ?", (row.key,))
                last, product = row.key, found.fetchone()[0]
                if row.plain_key:
                    self._db.execute("INSERT OR IGNORE INTO plain VALUES (?, ?)", (product, row.plain_key))
            self._db.execute(
                "INSERT INTO row VALUES (?, ?, ?, ?)", (product, row.line, encode(row.cells), row.damage)
            )
            for code in row.codes:
                self._db.execute(
                    "INSERT INTO code VALUES (?, 1) ON CONFLICT (code) DO UPDATE SET uses = uses + 1", (code,)
                )
            if row.own_code:
                self._db.execute("INSERT OR IGNORE INTO own_code VALUES (?)", (row.own_code,))
            for alias in row.aliases:
                self._db.execute("INSERT OR IGNORE INTO alias VALUES (?, ?)", (alias, row.key))
            self.rows += 1
        self._db.execute("COMMIT")
        self._db.execute("CREATE INDEX row_product ON row (product, line)")
        self._join_aliases()
        self._take_plain_keys()
        self.products = self._db.execute("SELECT count(DISTINCT product) FROM row").fetchone()[0]

    def by_product(self) -> Iterator[tuple[list[SpooledRow], bool]]:
        """Yield each product's rows; products in the order of their first rows.

        The second value tells whether the product has more than MAX_ROWS rows, and only these are given.
        """
        decode = msgspec.msgpack.Decoder(list[str]).decode
        cursor = self._db.execute(
            "SELECT key, line, cells, damage FROM product CROSS JOIN row ON row.product = product.id"
            " ORDER BY product.id, line"
        )
        for key, found in groupby(cursor, key=lambda row: str(row[0])):
            rows = [
                SpooledRow(line, decode(cells), damage, key)
                for _, line, cells, damage in islice(found, MAX_ROWS)
            ]
            yield rows, next(found, None) is not None

    def has_product(self, key: str) -> bool:
        """Return whether the file has a product with this key."""
        return self._db.execute("SELECT 1 FROM product WHERE key = ?", (key,)).fetchone() is not None

    def has_code(self, code: str) -> bool:
        """Return whether a row has this code in our own column for it."""
        return self._db.execute("SELECT 1 FROM own_code WHERE code = ?", (code,)).fetchone() is not None

    def times_used(self, code: str) -> int:
        """Return how many rows of the file have this text as their code or their label."""
        found = self._db.execute("SELECT uses FROM code WHERE code = ?", (code,)).fetchone()
        return int(found[0]) if found else 0

    def claim(self, name: str, key: str) -> bool:
        """Return whether a product is the first one that claims a name."""
        self._db.execute("INSERT OR IGNORE INTO claim VALUES (?, ?)", (name, key))
        owner = self._db.execute("SELECT key FROM claim WHERE name = ?", (name,)).fetchone()[0]
        return bool(owner == key)

    def _join_aliases(self) -> None:
        self._db.execute(
            "UPDATE row SET product = joined.target FROM"
            " (SELECT product.id AS source, other.id AS target FROM product JOIN alias ON alias.alias = product.key"
            "  JOIN product AS other ON other.key = alias.key) AS joined WHERE row.product = joined.source"
        )

    def _take_plain_keys(self) -> None:
        """Give products their plain keys. If several want one, none gets it: the order of rows must not matter."""
        self._db.execute(
            "UPDATE OR IGNORE product SET key = wanted.key FROM"
            " (SELECT min(product) AS id, key FROM plain GROUP BY key HAVING count(*) = 1) AS wanted"
            " WHERE product.id = wanted.id"
        )
