"""`flask checkout`: the terms of sale, checked as production checks them."""

from __future__ import annotations

import sys
from pathlib import Path

import click
from flask import current_app
from flask.cli import AppGroup

from storefront.checkout.terms import read_terms
from storefront.config.values import read_checkout_file

checkout = AppGroup(
    "checkout", help="The terms of sale: delivery, taxes, invoice.", short_help="Terms of sale."
)


@checkout.command("check")
@click.argument("file", required=False, type=click.Path(path_type=Path))
def check(file: Path | None) -> None:
    """Check checkout.toml, or another FILE, by the rules of production.

    The exit status is 1 if a checkout with these terms would be closed.
    """
    config = dict(current_app.config)
    if file is not None:
        config["CHECKOUT"] = read_checkout_file(file)
    terms = read_terms(config, has_demo_terms=False)
    for problem in terms.problems:
        click.echo(problem)
    if terms.problems:
        click.echo("In production the checkout is closed until this is corrected and the shop restarted.")
        sys.exit(1)
    click.echo(f"The checkout is open: {terms.summary}")
