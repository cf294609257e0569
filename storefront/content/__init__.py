"""The merchant's own pages, such as the imprint, and menus: with versions, drafts and planned publication."""

from __future__ import annotations

from flask import Flask

from storefront.catalog import sitemap
from storefront.catalog.views import own_front_page
from storefront.content import menu_reader, page_preview, page_texts, views
from storefront.content.front_page import front_page_views, section_texts
from storefront.content.front_page.page_sections import shop_link
from storefront.web import site_navigation

__all__ = ["init_app"]


def init_app(app: Flask) -> None:
    """Register the pages and the own front page, and link to them in the menus of every page and in the sitemap."""
    app.register_blueprint(views.bp)
    app.register_blueprint(page_preview.bp)
    page_texts.init_app(app)
    section_texts.init_app(app)
    site_navigation.load_menus.register(app, menu_reader.fetch_menus)
    sitemap.further_urls.register(app, lambda: [link.url for link in menu_reader.fetch_menus().pages])
    app.register_blueprint(front_page_views.bp)
    own_front_page.register(app, front_page_views.render_published)
    app.add_template_filter(shop_link)
