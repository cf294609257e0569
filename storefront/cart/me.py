"""/me: what the header of a public page shows about the shopper. Private, never cached."""

from __future__ import annotations

from flask import Blueprint, Response, jsonify

from storefront import accounts, rate_limiting
from storefront.cart import queries
from storefront.web.private import mark_private

bp = Blueprint("me", __name__, cli_group=None)


@bp.get("/me")
@rate_limiting.limit("me")
def me() -> Response:
    """Return who is signed in, and how many items the cart holds, as JSON."""
    shopper = accounts.current_user()
    response = jsonify(
        signed_in=shopper is not None,
        name=shopper.name if shopper else None,
        cart_quantity=queries.count_items(),
    )
    return mark_private(response)
