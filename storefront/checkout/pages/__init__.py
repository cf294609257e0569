"""The pages of checkout and orders, and what they share. All are private; each change is a POST and answers 303."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, abort, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from storefront.checkout import access, payment
from storefront.checkout.errors import PaymentError
from storefront.checkout.queries import OrderView
from storefront.extensions import db
from storefront.mail import development
from storefront.web import security_headers
from storefront.web.forms import Form
from storefront.web.private import mark_private

_NOTICES = {
    "placed": "Thank you. Your order is with us.",
    "cancelled": "Your order is cancelled, and what was in it is back on the shelf.",
    "paying": "Thank you. As soon as the payment is confirmed, it says so here.",
    "held": "It is held for you again.",
    "saved": "It is written down.",
}


def blueprint(name: str, module: str) -> Blueprint:
    """Return a blueprint whose every answer is private."""
    made = Blueprint(name, module, cli_group=None)
    made.after_request(make_private)
    return made


def make_private(response: Response) -> Response:
    """Keep what is a person's own out of every cache, and its address out of other sites' logs."""
    mark_private(response)
    response.headers["Referrer-Policy"] = "same-origin"
    return response


def render_page(template: str, status: int = 200, **context: Any) -> Response:
    """Return a page; 422 if its form has to be mended."""
    form = context.get("form")
    wrong = isinstance(form, Form) and bool(form.errors)
    body = render_template(template, said=_NOTICES.get(request.args.get("said", "")), wrong=wrong, **context)
    return make_response(body, 422 if wrong and status == 200 else status)


def allow_form_targets(response: Response, *origins: str) -> Response:
    """Let the page's forms lead on to these origins: browsers hold redirects of a form against `form-action` too."""
    known = security_headers.HEADERS["Content-Security-Policy"]
    wider = " ".join(("form-action 'self'", *filter(None, origins)))
    response.headers["Content-Security-Policy"] = known.replace("form-action 'self'", wider)
    return response


def redirect_to_order(order: OrderView, said: str, token: str, letter: str = "") -> Response:
    """Lead to an order's page; where letters are not sent, it shows the one that was just written."""
    shown = letter if letter and development.is_active() else None
    address = url_for("orders.show", number=order.number, token=token or None, said=said, letter=shown)
    return redirect(address, 303)


def token_for_visitor(order: OrderView, user_id: int | None) -> str:
    """Return the token that the order's address needs: none if its owner is signed in."""
    return "" if order.user_id is not None and order.user_id == user_id else access.order_token(order)


def begin_payment(order: OrderView) -> Response | None:
    """Lead to the provider's page; None if the order's own page says how to pay. No transaction is open meanwhile."""
    provider = payment.provider_of(order)
    if provider is None:
        return None
    back = access.order_url(order, access.shop_url())
    db.session.rollback()
    try:
        address = provider.begin(order, back)
    except PaymentError:
        return redirect_to_order(order, "not-begun", access.order_token(order))
    return redirect(address, 303) if address else None


def page_number() -> int:
    """Return the page that the address names; 404 if that is no number."""
    text = request.args.get("page", "1")
    if not (text.isascii() and text.isdigit() and len(text) <= 6) or not int(text):
        abort(404)
    return int(text)
