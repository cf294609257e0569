"""Plugins: installed packages that add to the shop. docs/extending.md shows one, and lists what plugins may rely on.

The names of `__all__` are that list; they keep their meaning from version to version.
"""

from __future__ import annotations

from flask import Flask

from storefront.admin.shop_warnings import more_warnings
from storefront.checkout.delivery import DeliveryMethod
from storefront.checkout.errors import PaymentError
from storefront.checkout.order_events import OrderChange
from storefront.checkout.order_view import OrderView
from storefront.checkout.payment import PaymentProvider
from storefront.extensions import Model, db, write_transaction
from storefront.money import Money
from storefront.plugins import cli, installed, pages, tables
from storefront.plugins.plugin import OfficePage, Plugin, PluginSetting, PluginTask
from storefront.plugins.plugin_settings import read_settings
from storefront.rate_limiting import create_policy, limit
from storefront.web.staff_access import permission_required
from storefront.web.template_slots import SLOTS

__all__ = [
    "SLOTS",
    "DeliveryMethod",
    "Model",
    "Money",
    "OfficePage",
    "OrderChange",
    "OrderView",
    "PaymentError",
    "PaymentProvider",
    "Plugin",
    "PluginSetting",
    "PluginTask",
    "create_policy",
    "db",
    "init_app",
    "limit",
    "permission_required",
    "read_settings",
    "write_transaction",
]


def init_app(app: Flask) -> None:
    """Find the installed plugins and let each take its places; one that cannot is switched off with a sentence."""
    app.register_blueprint(pages.bp)
    more_warnings.register(app, pages.list_warnings)
    installed.init_app(app)
    tables.init_app(app)
    app.cli.add_command(cli.plugins)
