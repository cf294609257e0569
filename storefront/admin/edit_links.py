"""Links from the shop's pages to their forms, for staff; in `/me`, since public pages are the same for everybody."""

from __future__ import annotations

from collections.abc import Mapping

from flask import Blueprint, Flask, abort, redirect, request, url_for
from sqlalchemy import select
from werkzeug.wrappers import Response

from storefront import cart
from storefront.accounts import Shopper
from storefront.catalog.models import MAX_PATH, Category
from storefront.extensions import db
from storefront.rate_limiting import limit
from storefront.web.permissions import allows, permissions_of
from storefront.web.staff_access import permission_required

bp = Blueprint("admin_edit_links", __name__, cli_group=None)

_KEY = "KEY"  # stands for a product's number or a category's path; static/js/lib/edit-links.js replaces it


def init_app(app: Flask) -> None:
    """Add the links to what `/me` says to staff who may change the catalogue."""
    cart.more_of_me.register(app, offer)


def offer(shopper: Shopper) -> Mapping[str, object]:
    """Return the addresses of forms by kind of page; nothing for a person who may not change the catalogue."""
    if not allows(permissions_of(shopper.role), "catalog:write"):
        return {}
    product = url_for("admin_product_form.show", product_id=0).removesuffix("0")
    return {
        "edit": {"product": f"{product}{_KEY}", "category": url_for("admin_edit_links.category", path=_KEY)}
    }


@bp.get("/admin/edit/category")
@limit("staff")
@permission_required("catalog:read")
def category() -> Response:
    """Lead to the page of the category with a path."""
    path = request.args.get("path", "")[: MAX_PATH + 1]
    found = db.session.execute(select(Category.id).where(Category.path == path)).scalar() or abort(404)
    return redirect(url_for("admin_categories.show", category_id=found), 303)
