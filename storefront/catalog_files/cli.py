"""`flask catalog import` and `flask catalog export`."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import click
from flask import current_app
from flask.cli import AppGroup

from storefront import shop_settings
from storefront.catalog import metafields, picture_queue
from storefront.catalog.pictures import PictureError
from storefront.catalog_files import csv_export, picture_download
from storefront.catalog_files.import_plan import ImportOptions, ImportPlan, plan_import
from storefront.catalog_files.missing_pictures import read_missing
from storefront.catalog_files.product_columns import Vocabulary
from storefront.catalog_files.summary import change_lines, nothing_changed, plan_lines, problem_lines
from storefront.change_sets.changes import ProductChange
from storefront.change_sets.cli import apply_with_progress
from storefront.change_sets.plan_options import MissingStock, StockMode
from storefront.errors import StorefrontError
from storefront.extensions import db, write_transaction
from storefront.pauses import lower_priority
from storefront.sheets.exports import export_to, file_argument
from storefront.terminal import clear_progress, errors_for_people, interruptible, progress_bar

catalog = AppGroup("catalog", help="Bring a catalogue in, or take it out.")
MAX_SHOWN = 100  # products whose changes an import lists; `changes show` lists all


def _check_metafields(
    _context: click.Context, _parameter: click.Parameter, keys: Sequence[str]
) -> Sequence[str]:
    for key in keys:
        try:
            metafields.check_key(key)
        except StorefrontError as error:
            raise click.BadParameter(str(error)) from error
    return keys


@catalog.command("import")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--dry-run", is_flag=True, help="List what would change; change nothing.")
@click.option("--plan-only", is_flag=True, help="Store the changes, to be looked at and applied later.")
@click.option(
    "--stock",
    type=click.Choice(["keep", "set", "add"]),
    help="What quantities mean for variants that exist. Default: keep what is on hand; an inventory file sets it.",
)
@click.option(
    "--stock-missing",
    type=click.Choice(["zero", "untracked"]),
    help="New variants without a quantity are sold out (zero), or sold without counting (untracked).",
)
@click.option(
    "--remove-missing", is_flag=True, help="Remove the variants and pictures that the file leaves out."
)
@click.option("--force", is_flag=True, help="Go on although many rows are refused or many variants removed.")
@click.option("--encoding", help="The file's encoding, such as cp1251; by default it is found out.")
@click.option(
    "--images", type=click.Path(exists=True, file_okay=False, path_type=Path), help="The pictures' folder."
)
@click.option("--fetch-images", is_flag=True, help="Fetch pictures that the file names by http(s) address.")
@click.option(
    "--show-metafield",
    "shown_metafields",
    multiple=True,
    callback=_check_metafields,
    help="Show this metafield (namespace.key) on the pages of products; may be repeated.",
)
def import_(
    file: Path,
    *,
    dry_run: bool,
    plan_only: bool,
    stock: StockMode | None,
    stock_missing: MissingStock | None,
    remove_missing: bool,
    force: bool,
    encoding: str | None,
    images: Path | None,
    fetch_images: bool,
    shown_metafields: Sequence[str],
) -> None:
    """Import a catalogue: Shopify's or WooCommerce's product CSV, Shopify's inventory, or our own export.

    Every row that cannot be used is listed with its line, column and reason; all others are imported. What the file
    does not say stays as it is. The exit status is 1 if anything was refused.
    """
    lower_priority()
    options = ImportOptions(
        currency=shop_settings.current().currency,
        encoding=encoding,
        stock=stock,
        stock_missing=stock_missing,
        remove_missing=remove_missing,
        force=force,
        images=images,
    )
    plan = _plan(file, options, is_dry_run=dry_run)
    failed = plan.report.refused_rows
    if plan.stop_reason:
        raise click.ClickException(plan.stop_reason)
    if plan_only and plan.change_set_id:
        number = plan.change_set_id
        click.echo(
            f"Stored as change set {number}. Look at it: flask catalog changes show {number}. "
            f"Apply it: flask catalog apply {number}."
        )
    elif not dry_run:
        if plan.change_set_id:
            db.session.remove()  # what was read before the change set was stored
            failed += apply_with_progress(plan.change_set_id, images)
        else:
            click.echo(nothing_changed(plan))
        with write_transaction() as session:
            for key in shown_metafields:
                metafields.show_metafield(session, key)
        failed += _store_pictures(images, fetch=fetch_images)
    sys.exit(1 if failed else 0)


@catalog.command()
@file_argument
@click.option(
    "--header", type=click.Choice(["current", "legacy", "2021"]), default="current", show_default=True
)
def export(file: Path, header: Vocabulary) -> None:
    """Export every product as a Shopify product CSV; "-" writes to the standard output."""
    write = partial(csv_export.export, currency=shop_settings.current().currency, vocabulary=header)
    export_to(file, "products", write)


@catalog.command("pictures")
def make_pictures() -> None:
    """Make the missing renditions of all stored pictures now: AVIF files, and widths that earlier versions lacked.

    Serving processes make them, too, a few at a time, for pictures that arrive. Stop it whenever you like: what is
    made stays, and the next call goes on with the rest.
    """
    waiting = picture_queue.find_unmade()
    made, problems = 0, list[str]()
    with (
        interruptible(lambda: f"{made:,} pictures are done; the same command goes on with the others."),
        progress_bar("Making pictures", len(waiting)) as progress,
    ):
        for number, digest in enumerate(waiting, 1):
            try:
                picture_queue.make(digest)
                made += 1
            except (PictureError, OSError) as error:
                problems.append(str(error))
            progress(number, len(waiting))
    for problem in problems:
        click.echo(f"not made: {problem}", err=True)
    amount = f"{made:,} picture{'' if made == 1 else 's'}"
    click.echo(f"Made the renditions of {amount}." if waiting else "Every picture has all its renditions.")
    sys.exit(1 if problems else 0)


def _plan(file: Path, options: ImportOptions, *, is_dry_run: bool) -> ImportPlan:
    """Plan, and print what was found."""
    shown = 0

    def show(change: ProductChange) -> None:
        nonlocal shown
        shown += 1
        if is_dry_run or shown <= MAX_SHOWN:
            clear_progress()
            for line in change_lines(change, options.currency):
                click.echo(line)

    with (
        errors_for_people(),
        interruptible(lambda: "Nothing was changed; import the file again."),
        progress_bar("Comparing products") as progress,
    ):
        plan = plan_import(file, options, show=show, store=not is_dry_run, progress=progress)
    if plan.change_set_id and shown > MAX_SHOWN:
        click.echo(
            f"… and {shown - MAX_SHOWN:,} more products: flask catalog changes show {plan.change_set_id}"
        )
    for line in problem_lines(plan):
        click.echo(line, err=True)
    for line in plan_lines(plan, is_final=not is_dry_run and not plan.stop_reason):
        click.echo(line)
    return plan


def _store_pictures(images: Path | None, *, fetch: bool) -> int:
    """Store the pictures that are missing; return how many could not be fetched."""
    media_dir = Path(current_app.config["MEDIA_DIR"])
    for source, problem in read_missing(media_dir, images) if images else ():
        if problem is not None:
            click.echo(f"note: {source}: {problem}", err=True)
    failed = 0
    with interruptible(lambda: "What was fetched is in the shop; import the file again to go on."):
        for url, problem in picture_download.fetch_missing(media_dir) if fetch else ():
            failed += problem is not None
            click.echo(
                f"not fetched: {url}: {problem}" if problem else f"fetched: {url}", err=problem is not None
            )
    return failed
