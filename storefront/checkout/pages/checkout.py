"""The pages of the checkout: the form with the details, the review, and the problems that may come up."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from math import ceil
from typing import Any

from flask import Blueprint, current_app, g, redirect, request, url_for
from sqlalchemy.exc import DBAPIError
from werkzeug.wrappers import Response

from storefront import accounts, rate_limiting
from storefront.accounts.models import User
from storefront.cart import basket_form
from storefront.cart import queries as cart_queries
from storefront.cart.commands import take_what_is_left
from storefront.checkout import drafts, forms, holds
from storefront.checkout.drafts import CheckoutLine, OrderReview
from storefront.checkout.errors import (
    CheckoutClosedError,
    EmptyBasketError,
    IncompleteError,
    InFlightError,
    KeyReusedError,
    PricesChangedError,
    ShortageError,
)
from storefront.checkout.holds import HoldStatus
from storefront.checkout.models import Checkout
from storefront.checkout.pages import (
    allow_form_targets,
    begin_payment,
    blueprint,
    redirect_to_order,
    render_page,
    token_for_visitor,
)
from storefront.checkout.place_order import place_order
from storefront.checkout.queries import OrderView, order_view
from storefront.checkout.recent_order import find_recent_order
from storefront.checkout.retry import run_with_retries
from storefront.checkout.terms import current_terms
from storefront.checkout.totals import Totals, compute_totals
from storefront.extensions import db, write_transaction
from storefront.postal import address_rules
from storefront.postal.address_lines import address_lines
from storefront.web.forms import Form
from storefront.web.staff_access import is_staff

bp: Blueprint = blueprint("checkout", __name__)


@bp.before_request
def refuse_if_closed() -> None:
    """Show no form that cannot be finished. `place_order` refuses too, but shows an order that was placed before."""
    if current_terms().problems and request.form.get("do") != "place":
        raise CheckoutClosedError


@bp.get("/checkout")
def details() -> Response:
    """Show the form, filled in as far as possible. A script may pass another country, region or delivery method."""
    user = accounts.load_current_user()
    form = forms.prefilled_form(drafts.current_draft(), user)
    form.values |= {name: request.args[name] for name in ("region", "delivery") if name in request.args}
    for name in ("country", f"{forms.BILL_PREFIX}country"):
        form.values[name] = address_rules.known_country(request.args.get(name, ""), form.values[name])
    return _details_page(forms.choose_defaults(form), user)


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
        return _details_page(forms.choose_defaults(form), user)
    form, details = forms.read_form(request.form, is_sent=_is_sent())
    if button == "country":
        return _details_page(forms.choose_defaults(Form(values=form.values)), user)
    if form.errors:
        return _details_page(forms.choose_defaults(form), user)
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
    return _review_page(draft, order_review)


def _save_and_hold(
    user: User | None, details: dict[str, object], notice: str | None, taken: Sequence[int] = ()
) -> Response:
    """Save the details and the totals shown, hold the goods, and redirect to the review.

    Args:
        user: the customer, if somebody is signed in.
        details: columns of the draft.
        notice: what the review says (see `pages._NOTICES`).
        taken: the lines of which it says that what is left was taken.
    """
    user_id = user.id if user else None

    def save() -> int:
        with write_transaction() as session:
            draft = drafts.save_draft(session, **details, user_id=user_id)
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
        return _details_page(forms.choose_defaults(Form(values=form.values)), user, taken)
    draft = drafts.current_draft()
    if draft is None or not draft.address:
        return redirect(url_for("checkout.details", taken=taken[: basket_form.MAX_TAKEN]), 303)
    return _save_and_hold(user, {}, "held", taken)


def _place(user: User | None, seen: str | None) -> Response:
    draft = drafts.current_draft()
    if draft is None:
        raise EmptyBasketError
    user_id = user.id if user else None
    if draft.user_id != user_id:  # the shopper has signed in or out since the draft was saved
        _save_and_hold(user, {}, "held")
        draft = drafts.current_draft() or draft
    if seen is None:
        seen = drafts.build_review(db.session(), draft).digest
    client = rate_limiting.address_digest(request.environ)
    placed = place_order(draft.id, request.form.get("key") or draft.key, seen, client)
    return _lead_to_order(order_view(placed.order), user)


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


@bp.errorhandler(CheckoutClosedError)
def closed(error: CheckoutClosedError) -> Response:
    """Say that the checkout is closed; staff read why."""
    problems = current_terms().problems if is_staff() else ()
    response = render_page("checkout/closed.html", error.status, sentence=str(error), problems=problems)
    response.headers["Retry-After"] = str(error.retry_after)
    return response


@bp.errorhandler(EmptyBasketError)
def empty(error: EmptyBasketError) -> Response:
    """Say that the basket contains nothing to buy, or which order has just emptied it."""
    if (order := find_recent_order()) is None:
        return render_page("checkout/empty.html", error.status)
    user = accounts.current_user()
    token = token_for_visitor(order, user.id if user else None)
    status = 200 if request.method == "GET" else error.status
    return render_page("checkout/ordered.html", status, order=order, token=token)


@bp.errorhandler(ShortageError)
def shortage(error: ShortageError) -> Response:
    """Show which lines are short; the rest of the basket is unchanged."""
    cart = cart_queries.load_cart_page()
    rest = [line for line in cart.lines if line.buyable]
    return render_page("checkout/short.html", error.status, cart=cart, sentence=str(error), rest=rest)


@bp.errorhandler(PricesChangedError)
def prices_changed(error: PricesChangedError) -> Response:
    """Show the review with its changes. The next click on its button agrees to them."""
    with write_transaction() as session:
        session.get_one(Checkout, error.review.draft.id).seen = error.review.totals.to_json()
    draft = db.session.get_one(Checkout, error.review.draft.id)
    order_review = drafts.build_review(db.session(), draft)
    return _review_page(draft, order_review, before=error.before or order_review.totals, status=409)


@bp.errorhandler(IncompleteError)
def incomplete(error: IncompleteError) -> Response:
    """Show the form with a sentence about the field that is missing."""
    user = accounts.load_current_user()
    form = forms.prefilled_form(drafts.current_draft(), user)
    field = "country" if error.field == "address" else error.field
    form.errors["" if field == "key" else field] = str(error)
    return _details_page(form, user)


@bp.errorhandler(KeyReusedError)
def key_reused(error: KeyReusedError) -> Response:
    """Say which order the form has already placed."""
    current_app.logger.info("a checkout form was sent again with other contents")
    return render_page("checkout/reused.html", error.status, sentence=str(error))


def _stock_of_page(
    lines: Sequence[CheckoutLine], unavailable: Sequence[str], taken: Sequence[int] = ()
) -> dict[str, Any]:
    """Return what a page says about stock: `cart`, if some lines may be short, and the sentences about taken ones."""
    taken = taken or basket_form.read_taken(request.args)
    maybe_short = any(line.needs_stock and line.available < line.item.quantity for line in lines)
    cart = cart_queries.load_cart_page() if taken or unavailable or maybe_short else None
    return {"cart": cart, "taken": cart.describe_taken(taken) if cart else []}


def _details_page(form: Form, user: User | None, taken: Sequence[int] = ()) -> Response:
    """Return the page with the form. `taken` are the lines of which what is left was taken."""
    lines, unavailable = drafts.read_basket(db.session(), cart_queries.current_cart_id())
    if not lines:
        raise EmptyBasketError
    values, terms, is_sent = form.values, current_terms(), drafts.is_sent(lines)
    methods = terms.methods_to(values.get("country", "")) if is_sent else []
    chosen = terms.delivery_method(values.get("delivery", ""))
    totals = compute_totals([line.item for line in lines], chosen if chosen in methods else None, values)
    return render_page(
        "checkout/details.html",
        watched=cart_queries.load_watched_variants(),
        form=form,
        user=user,
        book=accounts.list_addresses(user.id) if user else [],
        countries=address_rules.country_names(),
        needs=address_rules.rules_for(values.get("country", "")),
        invoice_needs=address_rules.rules_for(values.get("bill_country", "")),
        methods={m.code: (m.name, m.days, m.price_for(totals.goods)) for m in methods},
        providers={p.code: (p.name, p.about, None) for p in terms.providers.values()},
        totals=totals,
        delivery=chosen if is_sent else None,
        is_sent=is_sent,
        **_stock_of_page(lines, unavailable, taken),
        asks_region=is_sent or terms.tax.has_regions(values.get("country", "")),
    )


def _review_page(
    draft: Checkout, review: OrderReview, *, before: Totals | None = None, status: int = 200
) -> Response:
    """Return the review page. `before` is the totals that the shopper agreed to, if they have changed since."""
    held: HoldStatus = holds.hold_status(db.session(), draft.id, review.lines)
    now = datetime.now(UTC)
    provider = current_terms().providers.get(draft.payment)
    response = render_page(
        "checkout/review.html",
        status,
        watched=cart_queries.load_watched_variants(),
        review=review,
        totals=review.totals,
        draft=draft,
        ship_to=address_lines(draft.address),
        bill_to=address_lines(draft.bill_to or {}),
        provider=provider,
        until=held.until if held.until and held.until > now else None,
        seconds=ceil((held.until - now).total_seconds()) if held.until else 0,
        is_refused=request.args.get("said") == "not-held",
        can_be_held=any(line.needs_stock for line in review.lines),
        before=before,
        **_stock_of_page(review.lines, review.unavailable),
        prices_before={line.sku: line.unit_price for line in before.lines} if before else {},
    )
    return allow_form_targets(response, provider.origin if provider else "")
