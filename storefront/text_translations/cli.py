"""`flask translations`: the merchant's texts in the further languages of the shop, as CSV files."""

from __future__ import annotations

import sys
from pathlib import Path

import click
from flask import current_app
from flask.cli import AppGroup

from storefront.sheets.exports import export_to, file_argument
from storefront.terminal import errors_for_people
from storefront.text_translations import translation_file
from storefront.web.language_routes import list_languages

translations = AppGroup("translations", help="The shop's texts in its further languages.")


@translations.command()
@file_argument
@click.option("--language", required=True, help='The first part of its addresses, such as "de".')
def export(file: Path, language: str) -> None:
    """Export all texts with their translations as CSV; "-" writes to the standard output."""
    app = current_app._get_current_object()  # type: ignore[attr-defined]  # Flask's own way
    found = {each.tag: each for each in list_languages(app)}
    if language not in found:
        known = ", ".join(found) or "none; flask settings set languages adds them"
        raise click.UsageError(f"{language!r} is not a further language of the shop. It has: {known}.")
    export_to(file, "texts", lambda writer: translation_file.export(writer, found[language]))


@translations.command("import")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--dry-run", is_flag=True, help="Say what would be changed; change nothing.")
def import_(file: Path, dry_run: bool) -> None:
    """Import the CSV of an export, with translations filled in.

    All or nothing: if a row cannot be used, each such row is listed with line and reason, nothing is saved, and the
    exit status is 1. An empty translation removes the one that the shop has.
    """
    with errors_for_people():
        report = translation_file.import_file(file, dry_run=dry_run)
    for line, reason in report.refused:
        click.echo(f"refused: line {line}: {reason}", err=True)
    if report.refused:
        click.echo(f"Nothing was saved: {len(report.refused):,} of {report.rows:,} rows cannot be used.")
        sys.exit(1)
    verb = "would be changed" if dry_run else "changed"
    click.echo(f"Translations: {report.changed:,} {verb}. Rows: {report.rows:,} read.")
