"""`flask customers export` and `flask customers import`."""

from __future__ import annotations

import sys
from pathlib import Path

import click
from flask.cli import AppGroup

from storefront.accounts.customer_files import customer_export, customer_import, invitations
from storefront.sheets.exports import export_to, file_argument
from storefront.terminal import errors_for_people, interruptible, show_count

customers = AppGroup("customers", help="Take customers out, or bring another shop's customers in.")


@customers.command("export")
@file_argument
def export_command(file: Path) -> None:
    """Export customers as CSV with Shopify's columns: accounts and guests. "-" writes to the standard output.

    The file holds personal data; only your user of this machine may read it.
    """
    export_to(file, "customers", customer_export.export_customers, personal=True)


@customers.command("import")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--dry-run", is_flag=True, help="Check the file; change nothing, send nothing.")
@click.option("--invite", is_flag=True, help="Send each new customer a letter, one a second.")
@click.option("--encoding", help="The file's encoding, if it is not detected: cp1252, mac_roman …")
def import_command(file: Path, dry_run: bool, invite: bool, encoding: str | None) -> None:
    """Import customers of another shop from a CSV with Shopify's columns.

    An imported account has no password: its owner chooses one under "Forgotten your password?", or through the
    letter of --invite. An account that exists stays as it is, and nobody gets two letters, so an import that was
    stopped goes on when it is repeated. The exit status is 1 if a row was refused.
    """
    with errors_for_people(), interruptible(lambda: "What is in stays; repeat the command to go on."):
        report = customer_import.import_customers(
            file,
            encoding=encoding,
            dry_run=dry_run,
            progress=lambda done: show_count(f"{done:,} customers"),
        )
        click.echo("", err=True)
        _print(report, dry_run=dry_run)
        if invite and not dry_run:
            emails = customer_import.read_emails(customer_import.open_customers(file, encoding))
            invited = invitations.invite(emails, progress=lambda sent: show_count(f"{sent:,} letters"))
            click.echo(f"\nLetters: {invited:,} enqueued.")
    sys.exit(1 if report.refused else 0)


def _print(report: customer_import.CustomerImportReport, *, dry_run: bool) -> None:
    for sentence in report.refused:
        click.echo(f"refused: {sentence}", err=True)
    if report.left_out:
        click.echo(f"note: not imported: the columns {', '.join(report.left_out)}", err=True)
    click.echo(
        f"Customers: {report.created:,} {'would be created' if dry_run else 'created'}, "
        f"{report.present:,} there already, {len(report.refused):,} refused."
    )
