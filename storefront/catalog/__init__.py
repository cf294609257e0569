"""The catalogue: products, variants, categories, pictures, search, and the pages that show them."""

from __future__ import annotations

from flask import Flask

from storefront import stock
from storefront.catalog import views
from storefront.catalog.html_sanitiser import below_heading
from storefront.catalog.list_index import writer
from storefront.catalog.views import delivery_sentences

__all__ = ["delivery_sentences", "init_app"]


def init_app(app: Flask) -> None:
    """Register the catalogue's pages."""
    app.register_blueprint(views.bp)
    stock.availability_changed.register(app, writer.invalidate_availability)
    app.add_template_filter(below_heading)
