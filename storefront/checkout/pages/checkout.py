"""The steps of the checkout: the form with the details, the review, and placing the order."""

from __future__ import annotations

from collections.abc import Sequence

from flask import Blueprint, g, redirect, request, url_for
from sqlalchemy.exc import DBAPIError
from werkzeug.wrappers import Response

from storefront import accounts, rate_limiting
from storefront.accounts.models import User
from storefront.cart import basket_form
from storefront.cart import queries as cart_queries
from storefront.cart.commands import take_what_is_left
from storefront.checkout import drafts, forms, holds
from storefront.checkout.contact_fields import BILL_PREFIX
from storefront.checkout.errors import CheckoutClosedError, EmptyBasketError, InFlightError, KeyReusedError
from storefront.checkout.order_view import OrderView, order_view
from storefront.checkout.pages import begin_payment, blueprint, redirect_to_order, token_for_visitor
from storefront.checkout.pages.checkout_errors import add_error_pages
from storefront.checkout.pages.checkout_pages import details_page, review_page
from storefront.checkout.place_order import place_order
from storefront.checkout.recent_order import find_recent_order
from storefront.checkout.retry import run_with_retries
from storefront.checkout.terms import current_terms
from storefront.extensions import db, write_transaction
from storefront.postal import address_rules
from storefront.web.forms import Form

bp: Blueprint = blueprint("checkout", __name__)
add_error_pages(bp)


@bp.before_request
def refuse_if_closed() -> None:
    """Show no form that cannot be finished. `place_order` refuses too, but shows an order that was placed before."""
    if current_terms().problems and request.form.get("do") != "place":
        raise CheckoutClosedError


@bp.get("/checkout")
def details() -> Response:
    """Show the form, filled in as far as possible. A script may pass another country, region or delivery method."""
    user = accounts.load_current_user()
    draft = drafts.current_draft()
    if draft and draft.seen is None and draft.user_id is None and user and user.staff_role:
        draft = None  # the customer before, for whom staff have ordered
    form = forms.prefilled_form(draft, user)
    form.values |= {name: request.args[name] for name in ("region", "delivery") if name in request.args}
    for name in ("country", f"{BILL_PREFIX}country"):
        form.values[name] = address_rules.known_country(request.args.get(name, ""), form.values[name])
    return details_page(forms.choose_defaults(form), user)


@bp.post("/checkout")
@rate_limiting.limit("checkout")
def check_out() -> Response:
    """Save the details and hold the goods, or place the order, as the pressed button (`do`) says.

    `do=place` places the reviewed order. `place=1` with all details does everything in one request. If such a form
    without a key is sent again, it leads to the order that emptied the basket.
    """
    user = accounts.load_current_user()
    try:
        return _answer_form(user)
    except (EmptyBasketError, KeyReusedError, InFlightError):
        db.session.rollback()
        places = request.form.get("do") == "place" or request.form.get("place") == "1"
        if not places or request.form.get("key") or (order := find_recent_order()) is None:
            raise
    return _lead_to_order(order, user)


def _answer_form(user: User | None) -> Response:
    button = request.form.get("do", "")
    if "take" in request.form:
        return _take_what_is_left(user)
    if button == "place":
        return _place(user, request.form.get("seen", ""))
    if button == "hold":
        return _save_and_hold(user, {}, "held")
    if button.startswith("address-"):
        form = _form_with_address(user, button.removeprefix("address-"))
        return details_page(forms.choose_defaults(form), user)
    form, details = forms.read_form(request.form, is_sent=_is_sent())
    if button == "country":
        return details_page(forms.choose_defaults(Form(values=form.values)), user)
    if form.errors:
        return details_page(forms.choose_defaults(form), user)
    to_review = _save_and_hold(user, details, None)
    return _place(user, request.form.get("seen")) if request.form.get("place") == "1" else to_review


@bp.get("/checkout/review")
def review() -> Response:
    """Show the whole order, how long its goods are held, and the button that places it."""
    draft = drafts.current_draft()
    if draft is None or not draft.address:
        return redirect(url_for("checkout.details"), 303)
    order_review = drafts.build_review(db.session(), draft)
    if not order_review.lines and not order_review.unavailable:
        raise EmptyBasketError
    return review_page(draft, order_review)


def _save_and_hold(
    user: User | None, details: dict[str, object], notice: str | None, taken: Sequence[int] = ()
) -> Response:
    """Save the details and the totals shown, hold the goods, and redirect to the review.

    Args:
        user: the customer, if somebody is signed in.
        details: columns of the draft.
        notice: what the review says (see `pages._NOTICES`).
        taken: the ids of basket lines that were changed to the quantity that is left; the review names them.
    """

    def save() -> int:
        with write_transaction() as session:
            draft = drafts.save_draft(session, **details)
            draft.user_id = _owner_of(draft.email, user)
            draft.seen = drafts.build_review(session, draft).totals.to_json()
            return draft.id

    held = holds.reserve(run_with_retries(save), rate_limiting.address_digest(request.environ))
    said = "not-held" if held.is_refused else notice
    return redirect(url_for("checkout.review", said=said, taken=list(taken[: basket_form.MAX_TAKEN])), 303)


def _take_what_is_left(user: User | None) -> Response:
    """Take what is left of a line, or of all, as the pressed button says; show the page again with what was typed."""
    taken = take_what_is_left(basket_form.read_id(request.form.get("take", "")) or None)
    if "email" in request.form:  # the button is beside the form, and submits it
        form = forms.read_form(request.form, is_sent=_is_sent())[0]
        return details_page(forms.choose_defaults(Form(values=form.values)), user, taken)
    draft = drafts.current_draft()
    if draft is None or not draft.address:
        return redirect(url_for("checkout.details", taken=taken[: basket_form.MAX_TAKEN]), 303)
    return _save_and_hold(user, {}, "held", taken)


def _place(user: User | None, seen: str | None) -> Response:
    accounts.keep_language()
    draft = drafts.current_draft()
    if draft is None:
        raise EmptyBasketError
    user_id = _owner_of(draft.email, user)
    if draft.user_id != user_id:  # the shopper has signed in or out since the draft was saved
        _save_and_hold(user, {}, "held")
        draft = drafts.current_draft() or draft
    if seen is None:
        seen = drafts.build_review(db.session(), draft).digest
    is_for_customer = user is not None and user_id is None  # whose unpaid orders are not those of the office
    client = None if is_for_customer else rate_limiting.address_digest(request.environ)
    placed = place_order(draft.id, request.form.get("key") or draft.key, seen, client)
    return _lead_to_order(order_view(placed.order), user)


def _owner_of(email: str, user: User | None) -> int | None:
    """Return the account that an order belongs to: none for guests, and if staff order with a customer's e-mail."""
    if user is None or (user.staff_role and email != user.email):
        return None
    return user.id


def _lead_to_order(order: OrderView, user: User | None) -> Response:
    """Redirect to the payment of an order that was placed just now, or to its page."""
    db.session.rollback()
    if order.state == "placed" and (to_provider := begin_payment(order)) is not None:
        return to_provider
    token = token_for_visitor(order, user.id if user else None)
    return redirect_to_order(order, "placed", token, g.get("order_mail", ""))


def _is_sent() -> bool:
    """Whether anything in the visitor's basket is sent in a parcel; an empty basket counts as sent.

    Raises:
        DatabaseBusyError: the database is unavailable, or locked for too long.
    """

    def read() -> bool:
        try:
            lines = drafts.read_basket(db.session(), cart_queries.current_cart_id())[0]
        except DBAPIError:
            db.session.rollback()  # else the next attempt would meet the failed transaction
            raise
        return not lines or drafts.is_sent(lines)

    return run_with_retries(read)


def _form_with_address(user: User | None, address_id: str) -> Form:
    """Return the submitted form with an address of the account's address book filled in."""
    form = forms.read_form(request.form)[0]
    book = {str(row.id): row for row in accounts.list_addresses(user.id)} if user else {}
    address = forms.address_values(book[address_id]) if address_id in book else {}
    return Form(values=form.values | address)
