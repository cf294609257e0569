"""An account's orders."""

from __future__ import annotations

from flask import Blueprint, abort, current_app, request
from werkzeug.wrappers import Response

from storefront import accounts
from storefront.accounts.models import User
from storefront.checkout import queries
from storefront.checkout.pages.page import blueprint, page

bp: Blueprint = blueprint("history", __name__)


@bp.get("/account/orders")
@accounts.required
def history(user: User) -> Response:
    """All orders, the newest first."""
    found = queries.orders_of(user.id, number_of_page())
    return page("checkout/orders.html", orders=found, account_pages=current_app.extensions["accounts_pages"])


def number_of_page() -> int:
    """Return the page that the address names; 404 if that is no number."""
    text = request.args.get("page", "1")
    if not (text.isascii() and text.isdigit() and len(text) <= 6) or not int(text):
        abort(404)
    return int(text)
