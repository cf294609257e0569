"""Buying: the details, a look at all of it, and the click."""

from __future__ import annotations

from datetime import UTC, datetime
from math import ceil

from flask import Blueprint, current_app, g, redirect, request, url_for
from werkzeug.wrappers import Response

from storefront import accounts, rate_limiting
from storefront.accounts.models import User
from storefront.cart import queries as cart_queries
from storefront.checkout import drafts, forms, holds, payment
from storefront.checkout.drafts import OrderReview
from storefront.checkout.errors import (
    EmptyBasketError,
    IncompleteError,
    KeyReusedError,
    PricesChangedError,
    ShortageError,
)
from storefront.checkout.holds import HoldStatus
from storefront.checkout.pages import (
    allow_form_targets,
    begin_payment,
    blueprint,
    redirect_to_order,
    render_page,
    token_for_visitor,
)
from storefront.checkout.place_order import place_order
from storefront.checkout.queries import order_view
from storefront.checkout.retry import run_with_retries
from storefront.checkout.totals import Totals, compute_totals
from storefront.extensions import db, write_transaction
from storefront.postal import address_rules
from storefront.web.forms import Form

bp: Blueprint = blueprint("checkout", __name__)


@bp.get("/checkout")
def details() -> Response:
    """The form, with what is known already; changes nothing. A script may ask for another country's."""
    user = accounts.load_current_user()
    form = forms.prefilled_form(drafts.current_draft(), user)
    form.values |= {
        name: request.args[name]
        for name in ("country", "region", "delivery", "bill_country")
        if name in request.args
    }
    return _details_page(forms.choose_defaults(form), user)


@bp.post("/checkout")
@rate_limiting.limit("checkout")
def check_out() -> Response:
    """Keep the details and hold the goods; or place the order (`do=place`, or `place=1` with all the details)."""
    user, wanted = accounts.load_current_user(), request.form.get("do", "")
    if wanted == "place":
        return _place(user, request.form.get("seen", ""))
    if wanted == "hold":
        return _hold(user, {}, "held")
    if wanted.startswith("address-"):
        return _details_page(
            forms.choose_defaults(_with_address(user, wanted.removeprefix("address-"))), user
        )
    form, found = forms.read_form(request.form)
    if wanted == "country":
        return _details_page(forms.choose_defaults(Form(values=form.values)), user)
    if form.errors:
        return _details_page(forms.choose_defaults(form), user)
    answer = _hold(user, found, None)
    return _place(user, request.form.get("seen")) if request.form.get("place") == "1" else answer


@bp.get("/checkout/review")
def review() -> Response:
    """All of it once more, how long it is held, and the button."""
    draft = drafts.current_draft()
    if draft is None or not draft.address:
        return redirect(url_for("checkout.details"), 303)
    found = drafts.build_review(db.session(), draft)
    if not found.lines and not found.gone:
        raise EmptyBasketError
    return _review_page(found, holds.hold_status(db.session(), draft.id))


def _hold(user: User | None, found: dict[str, object], said: str | None) -> Response:
    """Keep the details and what is shown, then hold the goods, and lead to the review."""

    def keep() -> int:
        with write_transaction() as session:
            draft = drafts.save_draft(session, **found, user_id=user_id)
            draft.seen = drafts.build_review(session, draft).totals.to_json()
            return draft.id

    user_id = user.id if user else None
    holds.reserve(run_with_retries(keep))
    return redirect(url_for("checkout.review", said=said), 303)


def _place(user: User | None, seen: str | None) -> Response:
    draft = drafts.current_draft()
    if draft is None:
        raise EmptyBasketError
    user_id = user.id if user else None
    if draft.user_id != user_id:
        _hold(user, {}, "held")  # somebody signed in, or out, on the way
        draft = drafts.current_draft() or draft
    if seen is None:
        seen = drafts.build_review(db.session(), draft).digest
    placed = place_order(draft.id, request.form.get("key") or draft.key, seen)
    order = order_view(placed.order)
    db.session.rollback()
    if order.state == "placed" and (elsewhere := begin_payment(order)) is not None:
        return elsewhere
    return redirect_to_order(order, "placed", token_for_visitor(order, user_id), g.get("order_letter", ""))


def _with_address(user: User | None, wanted: str) -> Form:
    form, _ = forms.read_form(request.form)
    book = {str(row.id): row for row in accounts.list_addresses(user.id)} if user else {}
    chosen = forms.address_values(book[wanted]) if wanted in book else {}
    return Form(values=form.values | chosen)


@bp.errorhandler(EmptyBasketError)
def empty(_: EmptyBasketError) -> Response:
    """There is nothing to buy."""
    return _empty_page()


@bp.errorhandler(ShortageError)
def short(error: ShortageError) -> Response:
    """Somebody was quicker; the rest of the basket is as it was."""
    return _shortage_page(error)


@bp.errorhandler(PricesChangedError)
def changed(error: PricesChangedError) -> Response:
    """Something is not as it was shown: show it, and ask anew. The click that follows agrees to this."""
    found: OrderReview = error.review
    before: Totals | None = error.before
    checkout_id = found.checkout.id
    with write_transaction() as session:
        found.checkout.seen = found.totals.to_json()
        session.flush()
    fresh = drafts.build_review(db.session(), db.session.get_one(type(found.checkout), checkout_id))
    return _review_page(
        fresh, holds.hold_status(db.session(), checkout_id), before=before or fresh.totals, status=409
    )


@bp.errorhandler(IncompleteError)
def incomplete(error: IncompleteError) -> Response:
    """The draft lacks something: the form says what."""
    user = accounts.load_current_user()
    form = forms.prefilled_form(drafts.current_draft(), user)
    field = "country" if error.field == "address" else error.field
    form.errors["" if field == "key" else field] = str(error)
    return _details_page(form, user)


@bp.errorhandler(KeyReusedError)
def reused(error: KeyReusedError) -> Response:
    """The form has placed another order: say which, if it may be seen here."""
    current_app.logger.info("a checkout form was sent again with other contents")
    return _reused_page(error)


def _details_page(form: Form, user: User | None) -> Response:
    """Return the page with the form."""
    lines, _ = drafts.read_basket(db.session(), cart_queries.current_cart_id())
    if not lines:
        raise EmptyBasketError
    values = form.values
    methods = drafts.delivery_methods(values.get("country", ""))
    chosen = drafts.delivery_method(values.get("delivery", ""))
    sums = compute_totals([line.item for line in lines], chosen if chosen in methods else None, values)
    return render_page(
        "checkout/details.html",
        form=form,
        user=user,
        book=accounts.list_addresses(user.id) if user else [],
        countries=address_rules.country_names(),
        needs=address_rules.rules_for(values.get("country", "")),
        invoice_needs=address_rules.rules_for(values.get("bill_country", "")),
        methods={m.code: (m.name, m.days, m.price_for(sums.goods)) for m in methods},
        providers={p.code: (p.name, p.about, None) for p in payment.offered_providers().values()},
        totals=sums,
        delivery=chosen,
    )


def _review_page(
    found: OrderReview, held: HoldStatus, *, before: Totals | None = None, status: int = 200
) -> Response:
    """Return the page that shows all of it; `before` is what was agreed to, if that is not what it comes to now."""
    now = datetime.now(UTC)
    provider = payment.offered_providers().get(found.checkout.payment)
    answer = render_page(
        "checkout/review.html",
        status,
        review=found,
        totals=found.totals,
        draft=found.checkout,
        ship_to=address_rules.address_lines(found.checkout.address),
        bill_to=address_rules.address_lines(found.checkout.bill_to or {}),
        provider=provider,
        until=held.until if held.until and held.until > now else None,
        seconds=ceil((held.until - now).total_seconds()) if held.until else 0,
        counted=any(line.tracked and not line.backorder for line in found.lines),
        before=before,
        prices_before={line.sku: line.unit_price for line in before.lines} if before else {},
    )
    return allow_form_targets(answer, provider.origin if provider else "")


def _shortage_page(error: ShortageError) -> Response:
    """Return the page that says that somebody was quicker."""
    wanted = {line.sku for line in error.short}
    cart = cart_queries.load_cart_page()
    rest = [line for line in cart.lines if line.price and line.sku not in wanted]
    return render_page("checkout/short.html", error.status, short=error.short, gone=error.gone, rest=rest)


def _empty_page() -> Response:
    """Return the page that says that there is nothing to buy."""
    return render_page("checkout/empty.html", EmptyBasketError.status)


def _reused_page(error: KeyReusedError) -> Response:
    """Return the page that says that the form has done its work."""
    return render_page("checkout/reused.html", error.status, sentence=str(error))
