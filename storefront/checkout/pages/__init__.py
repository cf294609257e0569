"""The pages of checkout and orders, and the functions that they share.

All pages are private. Each change is a POST that answers 303.
"""

from __future__ import annotations

from typing import Any

from flask import Blueprint, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from storefront import accounts, cart
from storefront.checkout import access
from storefront.checkout.errors import PaymentError
from storefront.checkout.order_view import OrderView
from storefront.checkout.terms import current_terms
from storefront.extensions import db
from storefront.i18n import lazy_gettext
from storefront.web import common_headers
from storefront.web.forms import Form
from storefront.web.private import mark_private

# The notice that a page shows after a redirect, by the parameter `said` of its URL.
_NOTICES = {
    "placed": lazy_gettext("Thank you! We’ve received your order."),
    "cancelled": lazy_gettext("Your order has been cancelled."),
    "paying": lazy_gettext("Thank you! This page updates when your payment is confirmed."),
    "held": lazy_gettext("Your items are reserved."),
    "saved": lazy_gettext("Saved."),
}


def blueprint(name: str, module: str) -> Blueprint:
    """Return a blueprint all of whose responses are private."""
    bp = Blueprint(name, module, cli_group=None)
    bp.before_request(cart.merge_siblings)
    bp.after_request(mark_private)
    return bp


def render_page(template: str, status: int = 200, **context: Any) -> Response:
    """Return a page; with status 422 if its form has errors."""
    form = context.get("form")
    has_errors = isinstance(form, Form) and bool(form.errors)
    context = {"said": _NOTICES.get(request.args.get("said", ""))} | context
    body = render_template(template, wrong=has_errors, **context)
    return make_response(body, 422 if has_errors and status == 200 else status)


def allow_form_targets(response: Response, *origins: str) -> Response:
    """Allow redirects from the page's forms to these origins: browsers apply `form-action` to redirects, too."""
    policy = common_headers.HEADERS["Content-Security-Policy"]
    targets = " ".join(("form-action 'self'", *filter(None, origins)))
    response.headers["Content-Security-Policy"] = policy.replace("form-action 'self'", targets)
    return response


def redirect_to_order(order: OrderView, said: str, token: str, letter: str = "") -> Response:
    """Redirect to an order's page. To staff who signed in by a link, it shows the stored mail `letter`."""
    shown = letter if letter and accounts.may_read_letters() else None
    url = url_for("orders.show", number=order.number, token=token or None, said=said, letter=shown)
    return redirect(url, 303)


def token_for_visitor(order: OrderView, user_id: int | None) -> str:
    """Return the token for the URL of the order's page; empty if the visitor is its signed-in owner."""
    return "" if order.user_id is not None and order.user_id == user_id else access.order_token(order)


def begin_payment(order: OrderView) -> Response | None:
    """Redirect to the provider's page; None if the order's own page says how to pay.

    No transaction is open during the request to the provider.
    """
    provider = current_terms().provider_of(order)
    if provider is None:
        return None
    # To the host on which the shopper is, since cookies belong to a host.
    back = access.order_url(order, request.url_root.rstrip("/"))
    db.session.rollback()
    try:
        url = provider.begin(order, back)
    except PaymentError:
        return redirect_to_order(order, "not-begun", access.order_token(order))
    return redirect(url, 303) if url else None
