"""Files that bring a catalogue in or take it out, and `flask catalog`. docs/importing.md has the rules for merchants.

A file becomes inputs (`storefront.change_sets.inputs`); the change sets do the rest.
"""

from __future__ import annotations

from flask import Flask

from storefront.catalog_files.cli import catalog

__all__ = ["init_app"]


def init_app(app: Flask) -> None:
    """Register `flask catalog`."""
    app.cli.add_command(catalog)
