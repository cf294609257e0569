"""What every page prints of the merchant's settings beside the shop's name: the announcement and the look."""

from __future__ import annotations

from flask import Flask

from storefront import cache
from storefront.shop_cache import keys
from storefront.shop_settings import look_sheet
from storefront.shop_settings.announcement import find_announcement
from storefront.web import compression


def init_app(app: Flask) -> None:
    """Offer announcement and look to templates, and serve the style sheet. Registered after the cache."""
    # Every page: when the shop closes, also those must go that print no setting, such as the sitemap.
    app.before_request(lambda: cache.depends_on(keys.SETTINGS))
    compression.printed_on_every_page.register(app, find_announcement)
    app.add_template_global(find_announcement, "shop_announcement")
    app.add_template_global(look_sheet.find_sheet, "look_sheet")
    app.register_blueprint(look_sheet.bp)
