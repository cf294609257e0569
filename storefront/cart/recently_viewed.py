"""Products that this browser has looked at lately: their ids stand in a cookie that <recently-viewed> keeps.

The cookie names products and nobody. Pages of the catalogue neither read nor set it: the element asks what to show.
"""

from __future__ import annotations

import re
from collections.abc import Collection

from flask import Blueprint, Response, redirect, render_template, request, url_for
from sqlalchemy import select
from werkzeug.wrappers import Response as BaseResponse

from storefront import rate_limiting
from storefront.catalog import cards
from storefront.catalog.models import Product
from storefront.catalog.page_data import Card
from storefront.extensions import db
from storefront.web.private import private_page

bp = Blueprint("recent", __name__, cli_group=None)

RECENT_COOKIE = "recent"
MAX_SHOWN = 4
# The last ones looked at come first. A few more than are shown, for some may have left the shop.
_IDS = re.compile(r"[1-9][0-9]{0,8}(?:\.[1-9][0-9]{0,8}){0,7}", re.ASCII)


@bp.get("/recent")
@rate_limiting.limit("me")
def recent() -> Response:
    """A shelf for a product's page, without that product (`without=ID`); empty if there is nothing to show."""
    here = request.args.get("without", type=int)
    return private_page(render_template("cart/recent.html", recent=load_recent_cards({here} if here else ())))


@bp.post("/recent/removal")
@rate_limiting.limit("cart")
def forget() -> BaseResponse:
    """Forget all of them."""
    response = redirect(url_for("cart.cart"), 303)
    response.delete_cookie(RECENT_COOKIE, path="/", samesite="Lax")
    return response


def load_recent_cards(without: Collection[int | None] = ()) -> list[Card]:
    """Return cards of the last products looked at that are still in the shop.

    Three statements; none without a cookie. A cookie that we would not write is none.
    """
    found = _IDS.fullmatch(request.cookies.get(RECENT_COOKIE, ""))
    ids = [int(text) for text in dict.fromkeys(found[0].split("."))] if found else []
    if not (wanted := [one for one in ids if one not in without]):
        return []
    there = select(Product.id).where(
        Product.id.in_(wanted), Product.status == "active", Product.price.is_not(None)
    )
    active = set(db.session.execute(there).scalars())
    return cards.of([one for one in wanted if one in active][:MAX_SHOWN])
