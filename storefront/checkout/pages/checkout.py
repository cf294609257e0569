"""Buying: the details, a look at all of it, and the click."""

from __future__ import annotations

from flask import Blueprint, current_app, g, redirect, request, url_for
from werkzeug.wrappers import Response

from storefront import accounts, rate_limiting
from storefront.accounts.models import User
from storefront.checkout import drafts, forms, holds
from storefront.checkout.drafts import EmptyBasketError, Review
from storefront.checkout.errors import IncompleteError, KeyReusedError, PricesChangedError
from storefront.checkout.pages import paying, showing
from storefront.checkout.pages.page import blueprint, to_order, token_for
from storefront.checkout.place_order import place_order
from storefront.checkout.queries import view
from storefront.checkout.retry import persistently
from storefront.checkout.shortage import ShortageError
from storefront.checkout.totals import Totals
from storefront.extensions import db, write_transaction
from storefront.web.forms import Form

bp: Blueprint = blueprint("checkout", __name__)


@bp.get("/checkout")
def details() -> Response:
    """The form, with what is known already; changes nothing. A script may ask for another country's."""
    user = accounts.exact_user()
    form = forms.filled(drafts.current(), user)
    form.values |= {
        name: request.args[name]
        for name in ("country", "region", "delivery", "bill_country")
        if name in request.args
    }
    return showing.details(forms.settle(form), user)


@bp.post("/checkout")
@rate_limiting.limit("checkout")
def check_out() -> Response:
    """Keep the details and hold the goods; or place the order (`do=place`, or `place=1` with all the details)."""
    user, wanted = accounts.exact_user(), request.form.get("do", "")
    if wanted == "place":
        return _place(user, request.form.get("seen", ""))
    if wanted == "hold":
        return _hold(user, {}, "held")
    if wanted.startswith("address-"):
        return showing.details(forms.settle(_with_address(user, wanted.removeprefix("address-"))), user)
    form, found = forms.read(request.form)
    if wanted == "country":
        return showing.details(forms.settle(Form(values=form.values)), user)
    if form.errors:
        return showing.details(forms.settle(form), user)
    answer = _hold(user, found, None)
    return _place(user, request.form.get("seen")) if request.form.get("place") == "1" else answer


@bp.get("/checkout/review")
def review() -> Response:
    """All of it once more, how long it is held, and the button."""
    draft = drafts.current()
    if draft is None or not draft.address:
        return redirect(url_for("checkout.details"), 303)
    found = drafts.review(db.session(), draft)
    if not found.lines and not found.gone:
        raise EmptyBasketError
    return showing.review(found, holds.held(db.session(), draft.id))


def _hold(user: User | None, found: dict[str, object], said: str | None) -> Response:
    """Keep the details and what is shown, then hold the goods, and lead to the review."""

    def keep() -> int:
        with write_transaction() as session:
            draft = drafts.keep(session, **found, user_id=user_id)
            draft.seen = drafts.review(session, draft).totals.to_json()
            return draft.id

    user_id = user.id if user else None
    holds.start(persistently(keep))
    return redirect(url_for("checkout.review", said=said), 303)


def _place(user: User | None, seen: str | None) -> Response:
    draft = drafts.current()
    if draft is None:
        raise EmptyBasketError
    user_id = user.id if user else None
    if draft.user_id != user_id:
        _hold(user, {}, "held")  # somebody signed in, or out, on the way
        draft = drafts.current() or draft
    if seen is None:
        seen = drafts.review(db.session(), draft).digest
    placed = place_order(draft.id, request.form.get("key") or draft.key, seen)
    order = view(placed.order)
    db.session.rollback()
    if order.state == "placed" and (elsewhere := paying.begin(order)) is not None:
        return elsewhere
    return to_order(order, "placed", token_for(order, user_id), g.get("order_letter", ""))


def _with_address(user: User | None, wanted: str) -> Form:
    form, _ = forms.read(request.form)
    book = {str(row.id): row for row in accounts.addresses(user.id)} if user else {}
    chosen = forms.of_book(book[wanted]) if wanted in book else {}
    return Form(values=form.values | chosen)


@bp.errorhandler(EmptyBasketError)
def empty(_: EmptyBasketError) -> Response:
    """There is nothing to buy."""
    return showing.empty()


@bp.errorhandler(ShortageError)
def short(error: ShortageError) -> Response:
    """Somebody was quicker; the rest of the basket is as it was."""
    return showing.short(error)


@bp.errorhandler(PricesChangedError)
def changed(error: PricesChangedError) -> Response:
    """Something is not as it was shown: show it, and ask anew. The click that follows agrees to this."""
    found: Review = error.review
    before: Totals | None = error.before
    checkout_id = found.checkout.id
    with write_transaction() as session:
        found.checkout.seen = found.totals.to_json()
        session.flush()
    fresh = drafts.review(db.session(), db.session.get_one(type(found.checkout), checkout_id))
    return showing.review(
        fresh, holds.held(db.session(), checkout_id), before=before or fresh.totals, status=409
    )


@bp.errorhandler(IncompleteError)
def incomplete(error: IncompleteError) -> Response:
    """The draft lacks something: the form says what."""
    user = accounts.exact_user()
    form = forms.filled(drafts.current(), user)
    field = "country" if error.field == "address" else error.field
    form.errors["" if field == "key" else field] = str(error)
    return showing.details(form, user)


@bp.errorhandler(KeyReusedError)
def reused(error: KeyReusedError) -> Response:
    """The form has placed another order: say which, if it may be seen here."""
    current_app.logger.info("a checkout form was sent again with other contents")
    return showing.reused(error)
