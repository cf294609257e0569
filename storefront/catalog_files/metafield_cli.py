"""`flask catalog show-metafield` and `hide-metafield`: which kept columns the pages of products show."""

from __future__ import annotations

import click

from storefront.catalog import metafields
from storefront.extensions import db, write_transaction
from storefront.terminal import errors_for_people


@click.command("show-metafield")
@click.argument("key", required=False)
def show_metafield(key: str | None) -> None:
    """Show the metafield KEY (namespace.key) on the pages of products that have it; without KEY, list them."""
    if key is not None:
        with errors_for_people(), write_transaction() as session:
            metafields.show_metafield(session, key)
    shown = metafields.list_shown_metafields(db.session())
    click.echo(f"Shown on pages of products: {', '.join(shown)}." if shown else "No metafield is shown.")


@click.command("hide-metafield")
@click.argument("key")
def hide_metafield(key: str) -> None:
    """Show the metafield KEY no longer. The shop keeps its values."""
    with write_transaction() as session:
        if not metafields.hide_metafield(session, key):
            raise click.ClickException(
                f"{key!r} is not shown. flask catalog show-metafield lists those that are."
            )
    click.echo(f"{key} is not shown any more.")
