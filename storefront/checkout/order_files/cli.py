"""`flask orders export` and `flask orders import`."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import click
from flask.cli import AppGroup

from storefront import shop_settings
from storefront.checkout.order_files import order_export, order_import
from storefront.sheets.exports import export_to, file_argument
from storefront.terminal import errors_for_people, interruptible, show_count

orders = AppGroup("orders", help="Take orders out, or bring another shop's orders in as history.")
_day = click.DateTime(formats=["%Y-%m-%d"])


@orders.command("export")
@file_argument
@click.option("--since", type=_day, help="Only orders placed on this day (UTC) or later: 2026-01-31.")
@click.option("--until", type=_day, help="Only orders placed before this day (UTC).")
def export_command(file: Path, since: datetime | None, until: datetime | None) -> None:
    """Export orders as CSV with Shopify's columns: a row for each line. "-" writes to the standard output.

    The file holds personal data; only your user of this machine may read it.
    """
    write = partial(order_export.export_orders, since=_utc(since), until=_utc(until))
    export_to(file, "orders", write, personal=True)


@orders.command("import")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--dry-run", is_flag=True, help="Check the file; change nothing.")
@click.option("--encoding", help="The file's encoding, if it is not detected: cp1252, mac_roman …")
def import_command(file: Path, dry_run: bool, encoding: str | None) -> None:
    """Import orders of another shop as history, from a CSV with Shopify's columns.

    The old number of each order is kept, shown and found. Nothing is taken from stock, and nobody gets a letter. An
    order that is there already is left alone, so an import that was stopped goes on when it is repeated. The exit
    status is 1 if an order was refused.
    """
    with errors_for_people(), interruptible(lambda: "What is in stays; import the file again to go on."):
        report = order_import.import_orders(
            file,
            currency=shop_settings.current().currency,
            encoding=encoding,
            dry_run=dry_run,
            progress=lambda done: show_count(f"{done:,} orders"),
        )
    click.echo("", err=True)
    for sentence in report.refused:
        click.echo(f"refused: {sentence}", err=True)
    created = "would be created" if dry_run else "created"
    click.echo(
        f"Orders: {report.created:,} {created}, {report.present:,} there already, {len(report.refused):,} refused."
    )
    sys.exit(1 if report.refused else 0)


def _utc(day: datetime | None) -> datetime | None:
    return day.replace(tzinfo=UTC) if day else None
