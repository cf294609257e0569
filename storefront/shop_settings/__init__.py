"""The merchant's settings: rows in SQL that a change shows at once on every worker; `flask settings`.

`current()` returns them typed. The table is `storefront/config/shop.py`; an environment variable that is set wins.
"""

from __future__ import annotations

from flask import Flask

from storefront import i18n
from storefront.config import ShopSettings
from storefront.shop_settings import cli, language_choice
from storefront.shop_settings.current_settings import current, current_of, init_state
from storefront.web import compression

__all__ = ["ShopSettings", "current", "current_of", "init_app"]


def init_app(app: Flask) -> None:
    """Let pages print the settings, and register `flask settings`."""
    init_state(app)
    i18n.set_readers(app, locale=lambda: current().locale, timezone=lambda: current().timezone)
    compression.printed_on_every_page.register(app, current)
    app.context_processor(lambda: {"shop_name": current().name})
    language_choice.init_app(app)
    app.cli.add_command(cli.settings)
