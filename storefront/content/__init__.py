"""The merchant's own pages, such as the imprint, and menus: with versions, drafts and planned publication."""

from __future__ import annotations

from flask import Flask

from storefront.catalog import sitemap
from storefront.content import menu_reader, views
from storefront.web import site_navigation

__all__ = ["init_app"]


def init_app(app: Flask) -> None:
    """Register the pages, and link to them in the menus of every page and in the sitemap."""
    app.register_blueprint(views.bp)
    site_navigation.load_menus.register(app, menu_reader.fetch_menus)
    sitemap.further_urls.register(app, lambda: [link.url for link in menu_reader.fetch_menus().pages])
