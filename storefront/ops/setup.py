"""`flask setup`: what `make run` does before it serves. Safe to repeat."""

from __future__ import annotations

import click
from flask import current_app
from flask.cli import with_appcontext

from storefront.catalog import demo
from storefront.extensions import db
from storefront.ops import schema


@click.command()
@click.option("--no-demo", is_flag=True, help="Leave an empty shop empty.")
@with_appcontext
def setup(no_demo: bool) -> None:
    """Bring the tables up to date and load the demo catalogue into an empty shop."""
    if (problem := schema.problem()) is not None:
        if "does not answer" in problem:
            raise click.ClickException(problem)
        click.echo("Bringing the tables up to date …")
        schema.migrate()
    if not no_demo and demo.is_empty(db.session()):
        click.echo("The shop is empty: loading the demo catalogue …")
        loaded = demo.load(current_app._get_current_object(), progress=True)  # type: ignore[attr-defined]
        click.echo(f"{loaded.products} products with {loaded.variants} variants are on the shelves.")
