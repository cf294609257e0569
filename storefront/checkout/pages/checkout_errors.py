"""The pages that answer errors of the checkout: an empty basket, short stock, changed prices."""

from __future__ import annotations

from flask import Blueprint, current_app, request
from werkzeug.wrappers import Response

from storefront import accounts
from storefront.cart import queries as cart_queries
from storefront.checkout import drafts, forms
from storefront.checkout.errors import (
    CheckoutClosedError,
    EmptyBasketError,
    IncompleteError,
    KeyReusedError,
    PricesChangedError,
    ShortageError,
)
from storefront.checkout.models import Checkout
from storefront.checkout.pages import render_page, token_for_visitor
from storefront.checkout.pages.checkout_pages import details_page, review_page
from storefront.checkout.recent_order import find_recent_order
from storefront.checkout.terms import current_terms
from storefront.extensions import db, write_transaction
from storefront.web.staff_access import may


def add_error_pages(bp: Blueprint) -> None:
    """Answer the errors of the checkout's views with pages."""
    bp.register_error_handler(CheckoutClosedError, _show_closed)
    bp.register_error_handler(EmptyBasketError, _show_empty)
    bp.register_error_handler(ShortageError, _show_shortage)
    bp.register_error_handler(PricesChangedError, _show_prices_changed)
    bp.register_error_handler(IncompleteError, _show_incomplete)
    bp.register_error_handler(KeyReusedError, _show_key_reused)


def _show_closed(error: CheckoutClosedError) -> Response:
    """Say that the checkout is closed; staff read why."""
    problems = current_terms().problems if may("settings:read") else ()
    response = render_page("checkout/closed.html", error.status, sentence=str(error), problems=problems)
    response.headers["Retry-After"] = str(error.retry_after)
    return response


def _show_empty(error: EmptyBasketError) -> Response:
    """Say that the basket contains nothing to buy, or which order has just emptied it."""
    if (order := find_recent_order()) is None:
        unavailable = drafts.read_basket(db.session(), cart_queries.current_cart_id())[1]
        return render_page("checkout/empty.html", error.status, said=None, unavailable=unavailable)
    user = accounts.current_user()
    token = token_for_visitor(order, user.id if user else None)
    status = 200 if request.method == "GET" else error.status
    return render_page("checkout/ordered.html", status, said=None, order=order, token=token)


def _show_shortage(error: ShortageError) -> Response:
    """Show which lines are short; the rest of the basket is unchanged."""
    cart = cart_queries.load_cart_page()
    rest = [line for line in cart.lines if line.buyable]
    return render_page("checkout/short.html", error.status, cart=cart, sentence=str(error), rest=rest)


def _show_prices_changed(error: PricesChangedError) -> Response:
    """Show the review with its changes. The next click on its button agrees to them."""
    with write_transaction() as session:
        session.get_one(Checkout, error.review.draft.id).seen = error.review.totals.to_json()
    draft = db.session.get_one(Checkout, error.review.draft.id)
    order_review = drafts.build_review(db.session(), draft)
    return review_page(draft, order_review, before=error.before or order_review.totals, status=409)


def _show_incomplete(error: IncompleteError) -> Response:
    """Show the form with a sentence about the field that is missing."""
    user = accounts.load_current_user()
    form = forms.prefilled_form(drafts.current_draft(), user)
    field = "country" if error.field == "address" else error.field
    form.errors["" if field == "key" else field] = str(error)
    return details_page(form, user)


def _show_key_reused(error: KeyReusedError) -> Response:
    """Say which order the form has already placed."""
    current_app.logger.info("a checkout form was sent again with other contents")
    return render_page("checkout/reused.html", error.status, sentence=str(error))
