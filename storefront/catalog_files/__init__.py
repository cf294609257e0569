"""Files that bring a catalogue in or take it out; `flask catalog` and `flask redirects`.

docs/importing.md and docs/addresses.md have the rules for merchants.
A file becomes inputs (`storefront.change_sets.inputs`); the change sets do the rest.
"""

from __future__ import annotations

from flask import Flask

from storefront.catalog_files import picture_fetches, uploads
from storefront.catalog_files.cli import catalog
from storefront.catalog_files.metafield_cli import hide_metafield, show_metafield
from storefront.catalog_files.redirect_cli import redirects
from storefront.change_sets import cli

__all__ = ["init_app"]


def init_app(app: Flask) -> None:
    """Register the commands; in serving processes, plan the files that staff send and fetch their pictures."""
    uploads.init_app(app)
    picture_fetches.init_app(app)
    for command in (*cli.COMMANDS, show_metafield, hide_metafield):
        catalog.add_command(command)
    app.cli.add_command(catalog)
    app.cli.add_command(redirects)
