"""`flask catalog import` and `flask catalog export`."""

from __future__ import annotations

import sys
from pathlib import Path

import click
from flask import current_app
from flask.cli import AppGroup

from storefront.catalog_files import csv_export, csv_import, csv_reader, picture_download
from storefront.catalog_files.csv_import import ImportReport
from storefront.catalog_files.csv_reader import Vocabulary
from storefront.errors import StorefrontError
from storefront.sheets.writer import STANDARD_OUTPUT, UnwritableFileError, open_csv

catalog = AppGroup("catalog", help="Bring a catalogue in, or take it out.")


@catalog.command("import")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--dry-run", is_flag=True, help="Say what would be created, changed and left; change nothing.")
@click.option(
    "--images", type=click.Path(exists=True, file_okay=False, path_type=Path), help="The pictures' folder."
)
@click.option("--fetch-images", is_flag=True, help="Fetch pictures that the file names by http(s) address.")
def import_(file: Path, dry_run: bool, images: Path | None, fetch_images: bool) -> None:
    """Import a Shopify product CSV.

    Every row that cannot be used is listed with its line, column and reason; all others are imported. The file
    replaces each product that it names. The exit status is 1 if anything was refused.
    """
    config = current_app.config
    try:
        table = csv_reader.detect_format(file)
        if table.encoding == "cp1252":
            click.echo("The file is not UTF-8; it was read as Windows-1252.", err=True)
        with click.progressbar(length=1, label="Importing products") as bar:

            def progress(done: int, total: int) -> None:
                bar.length = total
                bar.update(done - bar.pos)

            report = csv_import.import_file(
                table,
                currency=config["CURRENCY"],
                media_dir=Path(config["MEDIA_DIR"]),
                images=images,
                dry_run=dry_run,
                progress=progress,
            )
    except StorefrontError as error:
        raise click.ClickException(str(error)) from error
    except UnicodeDecodeError as error:
        raise click.ClickException(
            f"{file} is not {error.encoding}, though it begins as if it were."
        ) from error
    except KeyboardInterrupt:
        click.echo(
            "\nStopped. The products that were finished are in the shop; import the file again to go on.",
            err=True,
        )
        raise SystemExit(130) from None
    refused = _print_report(report, dry_run)
    if fetch_images and not dry_run:
        refused += _fetch_pictures(Path(config["MEDIA_DIR"]))
    sys.exit(1 if refused else 0)


@catalog.command()
@click.argument("file", type=click.Path(path_type=Path, allow_dash=True))
@click.option("--header", type=click.Choice(["current", "legacy"]), default="current", show_default=True)
def export(file: Path, header: Vocabulary) -> None:
    """Export every product as a Shopify product CSV; "-" writes to the standard output."""
    try:
        with open_csv(file) as writer:
            number = csv_export.export(writer, currency=current_app.config["CURRENCY"], vocabulary=header)
    except UnwritableFileError as error:
        raise click.ClickException(str(error)) from error
    if file != STANDARD_OUTPUT:
        click.echo(f"Exported {number:,} products to {file}.")


def _print_report(report: ImportReport, dry_run: bool) -> int:
    for reject in report.rejects:
        click.echo(f"refused: {reject}", err=True)
    for notice in report.notices:
        click.echo(f"note: {notice}", err=True)
    would = "Would have been" if dry_run else "Products"
    counts = ", ".join(f"{number:,} {name}" for name, number in report.outcome.items())
    click.echo(f"{would}: {counts}. Rows: {report.rows:,} read, {len(report.rejects):,} refused.")
    return len(report.rejects)


def _fetch_pictures(media_dir: Path) -> int:
    failed = 0
    for url, problem in picture_download.fetch_missing(media_dir):
        if problem is not None:
            failed += 1
            click.echo(f"not fetched: {url}: {problem}", err=True)
        else:
            click.echo(f"fetched: {url}")
    return failed
