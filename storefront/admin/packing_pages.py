"""Packing slips: what goes into the parcel of an order, or of all that a list of orders shows, to be printed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from zoneinfo import ZoneInfo

from flask import Blueprint, render_template, request
from markupsafe import Markup
from werkzeug.wrappers import Response

from storefront import shop_settings
from storefront.admin.pages import render_page
from storefront.checkout import packing, queries
from storefront.checkout.errors import NoSuchOrderError
from storefront.checkout.order_search import read_search
from storefront.checkout.packing import PackingSlip
from storefront.postal.address_lines import address_lines
from storefront.rate_limiting import limit
from storefront.web.language_routes import use_locale
from storefront.web.page_numbers import read_page_number
from storefront.web.staff_access import permission_required

bp = Blueprint("admin_packing", __name__, cli_group=None)


@bp.get("/admin/orders/<number>/packing-slip")
@limit("staff")
@permission_required("orders:read")
def one(number: str) -> Response:
    """Show the slip of an order, whatever its state: a parcel may have to be packed again."""
    order = queries.find_order(number)
    if order is None or not order.is_sent:
        raise NoSuchOrderError
    return _page([packing.make_slip(order)], back=number)


@bp.get("/admin/orders/packing-slips")
@limit("staff")
@permission_required("orders:read")
def several() -> Response:
    """Show the slips of a page of the list of orders: by default of those that are paid and not shipped."""
    search, _is_readable = read_search(request.args)
    state = request.args.get("state", "")
    state = state if state in packing.STATES else packing.STATES[0]
    timezone = ZoneInfo(shop_settings.current().timezone)
    orders = queries.list_orders(read_page_number(), state, search.conditions(timezone))
    slips = packing.list_slips([row.number for row in orders.orders])
    return _page(slips, orders=orders, state=state, fields={**search.fields, "state": state})


def _page(slips: Sequence[PackingSlip], **context: Any) -> Response:
    return render_page("orders/packing-slips.html", slips=[_render(slip) for slip in slips], **context)


def _render(slip: PackingSlip) -> Markup:
    """Return a slip in the language in which its order was placed: the customer finds it in the parcel."""
    with use_locale(slip.order.locale):
        body = render_template(
            "admin/orders/packing-slip.html", slip=slip, ship_to=address_lines(slip.order.ship_to)
        )
    return Markup(body)  # noqa: S704  # nosec B704  # rendered with autoescape
