"""Import a Shopify product CSV."""

from __future__ import annotations

import sqlite3
import tempfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import groupby, islice
from pathlib import Path

import msgspec
from sqlalchemy import text

from storefront import actors
from storefront.catalog.list_index import writer
from storefront.catalog_files.csv_reader import CsvFile, CsvRow
from storefront.catalog_files.draft_writer import DraftWriter, Outcome
from storefront.catalog_files.drafts import DraftReader, ImportProblem, ProductDraft, read_handle
from storefront.extensions import db, write_transaction
from storefront.money import minor_units

BATCH = 200


@dataclass
class ImportReport:
    """The result of an import. `outcome` counts products: created, changed, left."""

    outcome: Outcome = field(default_factory=dict)
    rejects: list[ImportProblem] = field(default_factory=list)
    notices: list[ImportProblem] = field(default_factory=list)
    rows: int = 0


class DryRunRollback(Exception):
    """Rolls back a batch of a dry run; not an error."""


def import_file(
    file: CsvFile,
    *,
    currency: str,
    media_dir: Path,
    images: Path | None = None,
    dry_run: bool = False,
    progress: Callable[[int, int], None] | None = None,
) -> ImportReport:
    """Import a file. A product is imported as a whole or not at all; a later failure does not undo earlier batches.

    Args:
        file: the file, with its detected format.
        currency: the currency of the file's prices: the shop's.
        media_dir: the directory of stored pictures.
        images: the folder of pictures that the file names by relative paths; without it, only the paths are recorded.
        dry_run: report what would happen, and change nothing.
        progress: called after each batch with the number of finished products and of all.
    """
    report, spool = ImportReport(), RowSpool()
    try:
        with file.rows() as rows:
            spool.add_rows(_with_handles(rows, report))
        reader = DraftReader(minor_units(currency), spool.claim_sku)
        applier = DraftWriter(
            media_dir, None if dry_run else images, report.rejects.append, report.notices.append
        )
        drafts = (draft for handle, rows in spool.by_product() if (draft := reader.read(handle, rows)))
        done = 0
        while batch := list(islice(drafts, BATCH)):
            with actors.importing():
                _write_batch(applier, batch, dry_run=dry_run)
            done += len(batch)
            if progress:
                progress(done, spool.products)
        report.outcome = applier.outcome
        report.rejects = sorted([*report.rejects, *reader.rejects], key=lambda reject: reject.line)
        report.notices += reader.notices
    finally:
        spool.close()
    return report


def _write_batch(applier: DraftWriter, batch: list[ProductDraft], *, dry_run: bool) -> None:
    try:
        with write_transaction() as session:
            if session.connection().dialect.name == "postgresql":
                session.execute(text("SET LOCAL statement_timeout = 0"))
            ids = applier.write(session, batch)
            if dry_run:
                raise DryRunRollback
            if ids:
                writer.refresh(session, ids)
    except DryRunRollback:
        applier.forget_categories()
    db.session.remove()  # frees the rows of this batch


def _with_handles(rows: Iterator[CsvRow], report: ImportReport) -> Iterator[tuple[str, CsvRow]]:
    for row in rows:
        report.rows += 1
        if handle := read_handle(row):
            yield handle, row
        else:
            report.rejects.append(
                ImportProblem(row.line, "URL handle", "the row names no product: handle and title are empty")
            )


class RowSpool:
    """Groups the rows of a file by product, in a temporary SQLite file: memory use does not grow with the file."""

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
        """Add all rows, each with the handle of its product."""
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
        """Yield each product's handle and rows; products in the order of their first rows."""
        decode = msgspec.msgpack.Decoder(CsvRow).decode
        cursor = self._db.execute(
            "SELECT handle, cells FROM product CROSS JOIN row ON row.product = product.id ORDER BY product.id, line"
        )
        for handle, found in groupby(cursor, key=lambda pair: pair[0]):
            yield handle, [decode(cells) for _, cells in found]

    def claim_sku(self, sku: str, handle: str) -> bool:
        """Return whether this SKU is still free in this file, and mark it as used."""
        return self._db.execute("INSERT OR IGNORE INTO sku VALUES (?, ?)", (sku, handle)).rowcount == 1

    def close(self) -> None:
        """Delete the temporary file."""
        self._db.close()
        self._folder.cleanup()
