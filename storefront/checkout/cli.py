"""`flask checkout`: the terms of sale, checked as production checks them, and taken over from checkout.toml."""

from __future__ import annotations

import sys
from pathlib import Path

import click
from flask import current_app
from flask.cli import AppGroup

from storefront.checkout.term_import import ImportedTerms, import_terms
from storefront.checkout.terms import current_terms, read_current
from storefront.config.values import CheckoutFile, read_checkout_file
from storefront.shop_settings.current_settings import current_documents

_FILE = click.argument("file", required=False, type=click.Path(path_type=Path))
_LABELS = {"delivery": "Delivery", "tax": "Taxes", "payment": "Payment"}

checkout = AppGroup(
    "checkout", help="The terms of sale: delivery, taxes, payment.", short_help="Terms of sale."
)


@checkout.command("check")
@_FILE
def check(file: Path | None) -> None:
    """Check the terms of sale, or those of another FILE, by the rules of production.

    The exit status is 1 if a checkout with these terms would be closed.
    """
    if file is not None:
        terms = read_current({}, file=read_checkout_file(file), has_demo_terms=False)
    else:
        terms = read_current(current_documents(), has_demo_terms=False)
    for problem in terms.problems:
        click.echo(problem)
    if terms.problems:
        click.echo("In production the checkout is closed until this is corrected.")
        sys.exit(1)
    click.echo(f"The checkout is open: {terms.summary}")
    _echo_unread()


@checkout.command("import")
@_FILE
def import_file(file: Path | None) -> None:
    """Take the terms of sale from checkout.toml, or another FILE, into the shop's settings.

    Parts that the settings have already stay as they are. If a value of the file is wrong, nothing is changed.
    """
    done = import_terms(current_app.config["CHECKOUT"] if file is None else read_checkout_file(file))
    _echo_parts(done)
    if done.taken:
        click.echo(f"The file's terms: {done.summary}")
        click.echo("Change them in the back office, under Settings: Delivery, Taxes and Payment.")
    else:
        click.echo("Nothing was changed.")
    _echo_unread()


def _echo_parts(done: ImportedTerms) -> None:
    for names, sentence in (
        (done.taken, "taken from the file."),
        (done.same, "in the settings already, as in the file."),
        (done.kept, "in the settings already, and not as in the file. It stays as it is."),
        (done.missing, "not in the file."),
    ):
        for name in names:
            click.echo(f"{_LABELS[name]}: {sentence}")


def _echo_unread() -> None:
    file: CheckoutFile = current_app.config["CHECKOUT"]
    if current_terms().is_file_unread(file):
        click.echo(f"{file.path} is no longer read, and can be removed.")
