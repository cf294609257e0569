"""The basket: rows in SQL found by a cookie of its own, merged with the account's at sign-in."""

from __future__ import annotations

from typing import Any

from flask import Flask, flash
from sqlalchemy import delete
from sqlalchemy.orm import Session

from storefront import accounts
from storefront.accounts import Shopper
from storefront.cart import cookie, me, queries, recently_viewed, views
from storefront.cart.commands import CartError
from storefront.cart.merge import merge_carts, merged
from storefront.cart.models import Cart, CartLine

__all__ = ["Cart", "CartError", "CartLine", "init_app", "merge_carts", "merged"]


def init_app(app: Flask) -> None:
    """Register the basket's pages, and what becomes of it when people come and go."""
    app.register_blueprint(views.bp)
    app.register_blueprint(me.bp)
    app.register_blueprint(recently_viewed.bp)
    app.after_request(cookie.set_cookie)
    accounts.signed_in.connect(_merge, app)
    accounts.account_deleted.register(app, _delete)
    accounts.add_export(app, "basket", queries.export_cart)


def _merge(_app: Flask, *, user: Shopper, **_: Any) -> None:
    earlier = merge_carts(user.id)
    if earlier:
        flash(f"Your basket also holds what you had put in before you signed in here ({earlier} from then).")


def _delete(session: Session, user_id: int) -> None:
    session.execute(delete(Cart).where(Cart.user_id == user_id))
