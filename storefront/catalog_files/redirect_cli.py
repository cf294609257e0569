"""`flask redirects`: import, export and remove redirects from addresses of an earlier shop."""

from __future__ import annotations

import sys
from pathlib import Path

import click
from flask import current_app
from flask.cli import AppGroup

from storefront.catalog_files import redirect_file
from storefront.sheets.exports import export_to, file_argument
from storefront.terminal import errors_for_people

redirects = AppGroup("redirects", help="Lead addresses of an earlier shop to pages of this one.")


@redirects.command("import")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--dry-run", is_flag=True, help="Say what would be added and changed; change nothing.")
def import_(file: Path, dry_run: bool) -> None:
    """Import Shopify's CSV of redirects (`Redirect from`, `Redirect to`).

    Every row that cannot be used is listed with its line and reason; all others go in. The exit status is 1 if a row
    was refused. `flask redirects remove --file FILE` takes the redirects of a file out again.
    """
    with errors_for_people():
        report = redirect_file.import_file(
            file, hosts=current_app.config["TRUSTED_HOSTS"] or (), dry_run=dry_run
        )
    for note in report.notes:
        click.echo(f"note: {note}", err=True)
    for line, reason in report.refused:
        click.echo(f"refused: line {line}: {reason}", err=True)
    click.echo(
        f"{'Redirects that would have been' if dry_run else 'Redirects'}: {report.added:,} added, "
        f"{report.changed:,} changed, {report.unchanged:,} left. "
        f"Rows: {report.rows:,} read, {len(report.refused):,} refused."
    )
    sys.exit(1 if report.refused else 0)


@redirects.command()
@file_argument
def export(file: Path) -> None:
    """Export all redirects as Shopify's CSV; "-" writes to the standard output."""
    export_to(file, "redirects", redirect_file.export)


@redirects.command()
@click.argument("paths", nargs=-1, metavar="[PATH]...")
@click.option("--file", type=click.Path(path_type=Path), help="Remove the redirects of this file.")
def remove(paths: tuple[str, ...], file: Path | None) -> None:
    """Remove the redirects at these paths, for example "/products/old"."""
    if not paths and file is None:
        raise click.UsageError('Name a path, for example "/products/old", or a file with --file.')
    with errors_for_people():
        named = [*paths, *(redirect_file.read_paths(file) if file else ())]
    removed = redirect_file.remove(named)
    click.echo(f"Redirects: {removed:,} removed, {len(set(named)) - removed:,} not found.")
    sys.exit(0 if removed else 1)
