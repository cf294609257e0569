"""A Shopify product CSV into the shop."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from sqlalchemy import text

from storefront.catalog.list_index import writer
from storefront.catalog.shopify.csv_reader import CsvFile, CsvRow
from storefront.catalog.shopify.draft_writer import DraftWriter, Outcome
from storefront.catalog.shopify.drafts import DraftReader, ImportProblem, ProductDraft, read_handle
from storefront.catalog.shopify.spool import RowSpool
from storefront.extensions import db, write_transaction
from storefront.money import minor_units

BATCH = 200


@dataclass
class ImportReport:
    """What became of a file. `outcome` counts products: created, changed, left."""

    outcome: Outcome = field(default_factory=dict)
    rejects: list[ImportProblem] = field(default_factory=list)
    notices: list[ImportProblem] = field(default_factory=list)
    rows: int = 0


class DryRunRollback(Exception):  # not an error: it rolls a batch back
    """Ends the transaction of a dry run."""


def import_file(
    table: CsvFile,
    *,
    currency: str,
    media_dir: Path,
    images: Path | None = None,
    dry_run: bool = False,
    progress: Callable[[int, int], None] | None = None,
) -> ImportReport:
    """Import a file; each product goes in whole or not at all, and what is in stays in when a later one fails.

    Args:
        table: the file, understood.
        currency: the shop's currency, which prices are read in.
        media_dir: where pictures are kept.
        images: the folder that relative image paths are below; without it they are only recorded.
        dry_run: say what would happen; change nothing.
        progress: told after each batch how many products of how many are done.
    """
    report, spool = ImportReport(), RowSpool()
    try:
        with table.rows() as rows:
            spool.add_rows(_with_handles(rows, report))
        reader = DraftReader(minor_units(currency), spool.claim_sku)
        applier = DraftWriter(
            media_dir, None if dry_run else images, report.rejects.append, report.notices.append
        )
        drafts = (draft for handle, rows in spool.by_product() if (draft := reader.read(handle, rows)))
        done = 0
        while batch := list(islice(drafts, BATCH)):
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
    db.session.remove()  # the next batch begins with an empty memory


def _with_handles(rows: Iterator[CsvRow], report: ImportReport) -> Iterator[tuple[str, CsvRow]]:
    for row in rows:
        report.rows += 1
        if handle := read_handle(row):
            yield handle, row
        else:
            report.rejects.append(
                ImportProblem(row.line, "URL handle", "the row names no product: handle and title are empty")
            )
