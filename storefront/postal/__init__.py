"""Postal addresses: which parts a country's addresses have, which values are valid, and the names of countries."""

from __future__ import annotations

from flask import Flask

from storefront.postal.shop_contact import find_shop_contact

__all__ = ["init_app"]


def init_app(app: Flask) -> None:
    """Let pages and letters print the shop's own address."""
    app.add_template_global(find_shop_contact, "shop_contact")
