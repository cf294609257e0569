"""The catalogue: products, variants, categories, pictures, search, and the pages that show them."""

from __future__ import annotations

from flask import Flask

from storefront import stock
from storefront.catalog import (
    catalog_texts,
    draft_preview,
    navigation,
    picture_queue,
    publication,
    queries,
    shop_pictures,
    variant_lookup,
    views,
)
from storefront.catalog.collection import collection_builds
from storefront.catalog.description_pictures import show_pictures
from storefront.catalog.html_sanitiser import allowed_html, below_heading
from storefront.catalog.list_index import availability
from storefront.catalog.views import delivery_sentences
from storefront.unicode_text import shorten
from storefront.web import site_navigation
from storefront.web.error_pages import unknown_path

__all__ = ["delivery_sentences", "init_app"]


def init_app(app: Flask) -> None:
    """Register the catalogue's pages, and the look-up of variants by what people type."""
    app.register_blueprint(views.bp)
    app.register_blueprint(draft_preview.bp)
    picture_queue.init_app(app)
    catalog_texts.init_app(app)
    collection_builds.init_app(app)
    publication.init_app(app)
    shop_pictures.init_app(app)
    unknown_path.register(app, views.redirect_unknown_path)
    site_navigation.load_links.register(app, navigation.load_top_links)
    stock.availability_changed.register(app, availability.invalidate_availability)
    stock.has_page.register(app, queries.has_page)
    stock.find_variants.register(app, variant_lookup.find_variants)
    app.add_template_filter(below_heading)
    app.add_template_global(allowed_html)
    app.add_template_filter(show_pictures)
    app.add_template_filter(shorten)
