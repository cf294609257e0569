"""Plan the import of a file: rows become inputs, the planner compares them with the shop, a change set stores it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from storefront.catalog_files.file_kinds import choose_reader, open_file
from storefront.catalog_files.file_reader import FileReader
from storefront.catalog_files.row_spool import RowSpool, SpooledRow
from storefront.change_sets.changes import ProductChange
from storefront.change_sets.inputs import InputProduct
from storefront.change_sets.plan_options import MissingStock, PlanOptions, StockMode
from storefront.change_sets.plan_report import PlanReport
from storefront.change_sets.planner import Planner
from storefront.change_sets.store import PlanWriter
from storefront.pauses import pause_between
from storefront.sheets.table import SheetRow, Table
from storefront.terminal import Progress

PROGRESS_STEP = 100  # products
UNNAMED = "the row names no product: handle, title, variant code and SKU are empty"


@dataclass(frozen=True, slots=True)
class ImportOptions:
    """The choices of an import.

    Attributes:
        currency: of the file's prices: the shop's.
        encoding: of the file; None to decide.
        stock: what a quantity means for a variant that exists; None: what suits the file (`PlanOptions.stock`).
        stock_missing: what a new variant without a quantity gets; None: ask.
        remove_missing: whether variants and pictures that the file does not name are removed.
        force: whether the plan may be applied although much is refused or removed.
        images: the folder of pictures that the file names by relative paths.
    """

    currency: str
    encoding: str | None = None
    stock: StockMode | None = None
    stock_missing: MissingStock | None = None
    remove_missing: bool = False
    force: bool = False
    images: Path | None = None


@dataclass(slots=True)
class ImportPlan:
    """What an import found.

    Attributes:
        report: counts, refused rows and notes.
        notes: sentences about the file as a whole.
        kept: headers of columns that the shop only keeps.
        stop_reason: why the plan may not be applied, and which option allows it; empty if it may.
        change_set_id: 0 if the plan was not stored.
    """

    report: PlanReport
    notes: list[str] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)
    stop_reason: str = ""
    change_set_id: int = 0

    @property
    def changes(self) -> int:
        """How many products change."""
        return self.report.created + self.report.changed


def plan_import(
    path: Path,
    options: ImportOptions,
    *,
    show: Callable[[ProductChange], None],
    store: bool,
    progress: Progress | None = None,
) -> ImportPlan:
    """Plan the import of a file.

    Args:
        path: the file.
        options: the choices of the import.
        show: called with each change.
        store: whether to store the change set. A plan that may not be applied or changes nothing is not stored.
        progress: called now and then with the number of products that were compared, and of all.

    Raises:
        UnreadableFileError: the file cannot be imported.
    """
    table = open_file(path, options.encoding)
    if not store:
        with RowSpool() as spool:
            return _plan(table, options, spool, show, progress)
    with RowSpool() as spool, PlanWriter("import", path.name, _stored(options)) as writer:

        def add(change: ProductChange) -> None:
            writer.add(change)
            show(change)

        plan = _plan(table, options, spool, add, progress)
        if not plan.stop_reason and plan.changes:
            for problem in plan.report.problems:
                writer.add_problem(*problem)
            for note in plan.report.notes:
                writer.add_problem(*note, kind="note")
            for text in plan.notes:
                writer.add_problem(0, "", text, kind="note")
            plan.change_set_id = writer.finish(_summary(plan))
    return plan


def _plan(
    table: Table,
    options: ImportOptions,
    spool: RowSpool,
    show: Callable[[ProductChange], None],
    progress: Progress | None,
) -> ImportPlan:
    reader = choose_reader(table, options.currency, spool.claim)
    planner = Planner(
        PlanOptions(
            stock=options.stock or ("set" if reader.sets_stock else "keep"),
            stock_missing=options.stock_missing,
            remove_missing=options.remove_missing,
            times_in_file=spool.times_used,
            is_handle_in_file=spool.has_product,
            is_code_in_file=spool.has_code,
        )
    )
    report = planner.report
    with table.rows() as rows:
        spool.add_rows(pause_between(_spooled(reader, rows, report)))
    reader.decide_numbers(table.delimiter)
    for change in planner.plan(_inputs(reader, spool, progress)):
        show(change)
    report.rename_columns(reader.layout.written_headers())
    stop = "" if options.force else report.stop_reason()
    notes = list(table.notes)
    if repeated := reader.layout.repeated:
        columns = ", ".join(dict.fromkeys(repeated))
        notes.append(
            f"Columns that are there twice: {columns}. Of each row the first one that is filled counts."
        )
    if read_as := reader.read_as:
        notes.append(f"These columns were read by their meaning: {read_as}.")
    if options.remove_missing and reader.is_incomplete:
        notes.append(
            "--remove-missing removed nothing: a row of the file is damaged, or has neither a handle nor a title."
        )
    return ImportPlan(report, notes, reader.kept, stop or report.missing_stock_reason())


def _spooled(reader: FileReader, rows: Iterator[SheetRow], report: PlanReport) -> Iterator[SpooledRow]:
    for row in rows:
        if found := reader.spool_row(row.line, row.cells, row.damage):
            yield found
        else:
            report.rows += 1
            report.refuse(row.line, reader.layout.header("handle"), UNNAMED)


def _inputs(reader: FileReader, spool: RowSpool, progress: Progress | None) -> Iterator[InputProduct]:
    for number, (rows, is_cut) in enumerate(pause_between(spool.by_product()), 1):
        yield reader.read(rows, is_cut=is_cut)
        if progress and (number % PROGRESS_STEP == 0 or number == spool.products):
            progress(number, spool.products)


def _stored(options: ImportOptions) -> dict[str, Any]:
    """Return the choices that are stored with the change set."""
    stored = {name: value for name, value in asdict(options).items() if value not in (None, False)}
    return stored | ({"images": str(options.images.resolve())} if options.images else {})


def _summary(plan: ImportPlan) -> dict[str, Any]:
    """Return the counts that are stored with the change set."""
    counts = {name: value for name, value in asdict(plan.report).items() if isinstance(value, int)}
    return counts | {"kept_columns": plan.kept}
