"""The basket: rows in SQL found by a cookie of its own, merged with the account's at sign-in."""

from __future__ import annotations

from flask import Flask

from storefront.cart import cookie, me, views
from storefront.cart.changing import CartError, merge
from storefront.cart.models import Cart, CartLine

__all__ = ["Cart", "CartError", "CartLine", "init_app", "merge"]


def init_app(app: Flask) -> None:
    """Register the basket's pages."""
    app.register_blueprint(views.bp)
    app.register_blueprint(me.bp)
    app.after_request(cookie.send)
