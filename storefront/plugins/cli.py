"""`flask plugins`: the installed plugins."""

from __future__ import annotations

import click
from flask import current_app
from flask.cli import with_appcontext

from storefront.plugins import tables
from storefront.plugins.installed import installed_plugins


@click.group()
def plugins() -> None:
    """List the installed plugins, and migrate their tables."""


@plugins.command("list")
@with_appcontext
def list_plugins() -> None:
    """Print a line for each installed plugin: its version, or why it is switched off."""
    found = installed_plugins(current_app)
    for one in found:
        click.echo(one.problem if one.plugin is None else f"{one.name} {one.plugin.version}".rstrip())
    if not found:
        click.echo("No plugin is installed. docs/extending.md shows how to write one.")


@plugins.command()
@with_appcontext
def migrate() -> None:
    """Bring the tables of the plugins to their newest revision, as `flask setup` does."""
    tables.migrate()
    click.echo("The tables of all plugins are at their newest revision.")
