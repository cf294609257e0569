"""The products that this browser viewed last. Their ids are in a cookie that the element <recently-viewed> writes.

The cookie identifies products, not people. Catalogue pages neither read nor set it: the element requests the shelf.
"""

from __future__ import annotations

import re
from collections.abc import Collection

from flask import Blueprint, Response, current_app, redirect, render_template, request, url_for
from sqlalchemy import select
from werkzeug.wrappers import Response as BaseResponse

from storefront import rate_limiting
from storefront.catalog import cards
from storefront.catalog.models import Product
from storefront.catalog.page_data import Card
from storefront.extensions import db
from storefront.web import cookies
from storefront.web.private import private_page

bp = Blueprint("recent", __name__, cli_group=None)

RECENT_COOKIE = "recent"
MAX_SHOWN = 4
# Up to eight ids, the last viewed first: more than are shown, since some products may have left the shop.
_IDS = re.compile(r"[1-9][0-9]{0,8}(?:\.[1-9][0-9]{0,8}){0,7}", re.ASCII)


@bp.get("/recent")
@rate_limiting.limit("me")
def recent() -> Response:
    """Show the shelf for a product's page, without that product (`without=ID`); empty if there is nothing to show."""
    here = request.args.get("without", type=int)
    return private_page(render_template("cart/recent.html", recent=load_recent_cards({here} if here else ())))


@bp.post("/recent/removal")
@rate_limiting.limit("cart")
def forget() -> BaseResponse:
    """Delete the cookie."""
    response = redirect(url_for("cart.cart"), 303)
    flags = {"samesite": "Lax", "path": cookies.attributes(current_app, request.environ)["path"]}
    response.delete_cookie(cookies.script_name(current_app, RECENT_COOKIE), **flags)
    if RECENT_COOKIE in request.cookies:  # of an earlier version
        response.delete_cookie(RECENT_COOKIE, path="/", samesite="Lax")
    return response


def load_recent_cards(without: Collection[int | None] = ()) -> list[Card]:
    """Return cards of the last viewed products that are still in the shop.

    Three statements, or none without a cookie. A cookie that is not in our format counts as no cookie.

    Args:
        without: ids of products to leave out.
    """
    name = cookies.script_name(current_app, RECENT_COOKIE)
    match = _IDS.fullmatch(request.cookies.get(name) or request.cookies.get(RECENT_COOKIE, ""))
    viewed = [int(text) for text in dict.fromkeys(match[0].split("."))] if match else []
    if not (ids := [product_id for product_id in viewed if product_id not in without]):
        return []
    in_shop = select(Product.id).where(
        Product.id.in_(ids), Product.status == "active", Product.price.is_not(None), ~Product.unlisted
    )
    active = set(db.session.execute(in_shop).scalars())
    return cards.load_cards([product_id for product_id in ids if product_id in active][:MAX_SHOWN])
