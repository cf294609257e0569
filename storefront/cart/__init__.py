"""Carts: rows in SQL, found by a cookie of their own, and merged with the account's cart at sign-in."""

from __future__ import annotations

from typing import Any

from flask import Flask, flash
from sqlalchemy import delete
from sqlalchemy.orm import Session

from storefront import accounts, periodic
from storefront.accounts import Shopper
from storefront.cart import cookie, queries, recently_viewed, unused_carts, views
from storefront.cart.commands import CartError
from storefront.cart.merge import merge_carts, merge_siblings, merged
from storefront.cart.models import Cart, CartLine
from storefront.cart.views import more_of_me
from storefront.i18n import gettext as _

__all__ = (
    "Cart",
    "CartError",
    "CartLine",
    "init_app",
    "merge_carts",
    "merge_siblings",
    "merged",
    "more_of_me",
)


def init_app(app: Flask) -> None:
    """Register the cart's pages, and what happens to a cart at sign-in and when an account is deleted."""
    app.register_blueprint(views.bp)
    app.register_blueprint(views.me_bp)
    app.register_blueprint(recently_viewed.bp)
    app.after_request(cookie.set_cookie)
    periodic.add_task(app, "unused-carts", unused_carts.delete_unused_carts, interval=3600.0)
    accounts.signed_in.connect(_merge, app)
    accounts.account_deleted.register(app, _delete)
    accounts.add_export(app, "basket", queries.export_cart)


def _merge(_app: Flask, *, user: Shopper, **_kwargs: Any) -> None:
    earlier = merge_carts(user.id)
    if earlier:
        flash(
            _(
                "We’ve added the items from your earlier visit to your basket (%(count)d).",
                count=earlier,
            )
        )


def _delete(session: Session, user_id: int) -> None:
    session.execute(delete(Cart).where(Cart.user_id == user_id))
