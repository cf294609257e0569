"""The demo shop: a catalogue of our own, and generated ones of any size."""

from __future__ import annotations

from flask import Flask

from storefront.demo.cli import demo
from storefront.demo.loader import LoadResult, is_empty, load

__all__ = ["LoadResult", "init_app", "is_empty", "load"]


def init_app(app: Flask) -> None:
    """Register `flask demo`."""
    app.cli.add_command(demo)
