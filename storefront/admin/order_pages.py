"""/admin/orders: staff see all orders, and record payments, shipments, refunds, cancellations and notes."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from zoneinfo import ZoneInfo

from flask import Blueprint, current_app, redirect, request, url_for
from werkzeug.wrappers import Response

from storefront import accounts, rate_limiting, shop_settings
from storefront.actors import describe_actors
from storefront.admin.pages import render_page
from storefront.checkout import order_goods, order_states, orders, queries, shipping
from storefront.checkout.errors import NoSuchOrderError, OrderError, PaymentError
from storefront.checkout.order_search import OrderSearch, read_search
from storefront.checkout.order_view import OrderView
from storefront.checkout.payment import disputes, invoice_expiry
from storefront.checkout.payment.cancellation import cancel_order, take_back_order
from storefront.checkout.payment.refunds import refund_order
from storefront.checkout.terms import current_terms
from storefront.extensions import db, write_transaction
from storefront.i18n import gettext as _
from storefront.i18n import quote
from storefront.postal.address_lines import address_lines
from storefront.sheets.numbers import parse_amount
from storefront.unicode_text import read_whole_number
from storefront.web.page_numbers import read_page_number
from storefront.web.staff_access import permission_required

bp = Blueprint("admin_orders", __name__, cli_group=None)

STATES = (
    "placed",
    "paid",
    "shipped",
    "delivered",
    "cancelled",
    order_states.REFUND_DUE,
    order_states.DISPUTED,
    "refunded",
)
# What each kind of event does to an order, beside those that need an amount.
_STEPS: dict[str, Callable[..., object]] = {
    "shipped": shipping.mark_shipped,
    "tracking": shipping.set_tracking,
    "delivered": shipping.mark_delivered,
    "reserved": order_goods.reserve_goods,
    "prolonged": invoice_expiry.prolong,
    "dispute": disputes.allow_shipping,
}
# Kinds of events that may pay money back: they ask again who the person is.
_PAY_BACK = frozenset({"refunded", "cancelled", "returned"})


@bp.get("/admin/orders")
@rate_limiting.limit("staff")
@permission_required("orders:read")
def all_orders() -> Response:
    """List the orders that a search finds, or all. The number of an order redirects to its page."""
    search, is_readable = read_search(request.args)
    if search.text and (found_number := queries.find_number(search.text)):
        return redirect(url_for("admin_orders.show", number=found_number), 303)
    state = request.args.get("state", "")
    state = state if state in STATES else ""
    timezone = ZoneInfo(shop_settings.current().timezone)
    found = queries.list_orders(read_page_number(), state or None, search.conditions(timezone))
    return render_page(
        "orders/orders.html",
        orders=found,
        state=state,
        states=STATES,
        search=search,
        problem=_search_problem(search, is_readable),
    )


def _search_problem(search: OrderSearch, is_readable: bool) -> str:
    if not is_readable:
        return _("Enter the days as %(example)s.", example="2026-01-31")
    return _("The first day is after the last day. Change one of them.") if search.is_backwards else ""


@bp.get("/admin/orders/<number>")
@rate_limiting.limit("staff")
@permission_required("orders:read")
def show(number: str) -> Response:
    """Show one order with its log."""
    return _page(number)


@bp.post("/admin/orders/<number>/events")
@rate_limiting.limit("staff")
@permission_required("orders:write")
@accounts.recent_proof_required(lambda: request.form.get("kind") in _PAY_BACK)
def add_event(number: str) -> Response:
    """Record an event (`kind`): a key of `_STEPS`, paid, refunded, returned, cancelled, or a note."""
    try:
        _record(number, request.form.get("kind", ""), request.form.get("note", "").strip()[:1000])
    except NoSuchOrderError:
        raise
    except (OrderError, PaymentError) as error:
        return _page(number, error.status, str(error))
    return redirect(url_for("admin_orders.show", number=number, said="saved"), 303)


def _record(number: str, kind: str, note: str) -> None:
    order = _order(number)
    if kind == "refunded":
        key = request.form.get("key", "")[:100] or secrets.token_urlsafe(24)
        refund_order(number, _amount(order), key, note=note, returned=_returned(order))
        return
    if kind == "returned":
        take_back_order(order, _returned(order), note=note)
        return
    if kind == "cancelled":
        cancel_order(order, note=note)
        return
    with write_transaction() as session:
        if kind == "paid":
            orders.record_payment(session, number, _amount(order), order.total.currency, note=note)
        elif kind in _STEPS:
            _STEPS[kind](session, number, note=note)
        elif kind == "note" and note:
            orders.add_note(session, number, note)
        else:
            raise OrderError(
                _("Enter a note.")
                if kind == "note"
                else _("Something went wrong with this form. Reload the page and try again.")
            )


def _order(number: str) -> OrderView:
    order = queries.find_order(number)
    if order is None:
        raise NoSuchOrderError
    return order


def _amount(order: OrderView) -> int:
    """Return the amount in the form, in minor units; it is written as the shop's locale writes amounts."""
    text, locale, currency = (
        request.form.get("amount", ""),
        shop_settings.current().locale,
        order.total.currency,
    )
    try:
        if amount := parse_amount(text, locale, currency):
            return amount
    except ValueError as error:
        current_app.logger.info("an amount typed by staff: %s", error)
    typed, example = text.strip()[:40], order.total.format_plain(locale)
    if not typed:
        raise OrderError(_("Enter an amount such as %(example)s.", example=example))
    raise OrderError(
        _("Enter the amount as %(example)s, not %(amount)s.", amount=quote(typed), example=example)
    )


def _returned(order: OrderView) -> dict[int, int]:
    """Return the quantity of each line (by id) that goes back into stock."""
    quantities = {}
    for line in order.lines:
        text = request.form.get(f"returned-{line.id}", "").strip() or "0"
        number = read_whole_number(text, most_digits=6)
        if number is None:
            raise OrderError(_("Enter how many of %(title)s came back: 0 or more.", title=line.title))
        if number:
            quantities[line.id] = number
    return quantities


def _page(number: str, status: int = 200, problem: str = "") -> Response:
    db.session.rollback()
    order = _order(number)
    provider = current_terms().provider_of(order)
    return render_page(
        "orders/order.html",
        status,
        order=order,
        ship_to=address_lines(order.ship_to),
        bill_to=address_lines(order.bill_to or {}),
        provider=provider,
        actors=describe_actors({event.actor for event in order.events}),
        disputes=disputes.list_disputes(number),
        describe_dispute=disputes.describe,
        # After a failed refund the form keeps its key: sent again, it is the same refund at the provider.
        key=request.form.get("key", "")[:100] or secrets.token_urlsafe(24),
        problem=problem,
        typed=_Typed({"kind": "", **request.form.to_dict()} if problem else {}),
    )


class _Typed(dict[str, str]):
    """The fields of a refused form; empty if none was refused."""

    def __missing__(self, name: str) -> str:
        return ""
