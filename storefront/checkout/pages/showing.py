"""What the pages of the checkout show."""

from __future__ import annotations

from datetime import UTC, datetime
from math import ceil

from werkzeug.wrappers import Response

from storefront import accounts
from storefront.accounts.models import User
from storefront.cart import queries as cart_queries
from storefront.checkout import drafts, payment
from storefront.checkout.drafts import EmptyBasketError, Review
from storefront.checkout.errors import KeyReusedError
from storefront.checkout.holds import Held
from storefront.checkout.pages.page import leads_to, page
from storefront.checkout.shortage import ShortageError
from storefront.checkout.totals import Totals, totals
from storefront.extensions import db
from storefront.postal import address_rules
from storefront.web.forms import Form


def details(form: Form, user: User | None) -> Response:
    """Return the page with the form."""
    lines, _ = drafts.basket(db.session(), cart_queries.current_id())
    if not lines:
        raise EmptyBasketError
    values = form.values
    methods = drafts.delivery_methods(values.get("country", ""))
    chosen = drafts.delivery_method(values.get("delivery", ""))
    sums = totals([line.wanted for line in lines], chosen if chosen in methods else None, values)
    return page(
        "checkout/details.html",
        form=form,
        user=user,
        book=accounts.addresses(user.id) if user else [],
        countries=address_rules.country_names(),
        needs=address_rules.rules_for(values.get("country", "")),
        invoice_needs=address_rules.rules_for(values.get("bill_country", "")),
        methods={m.code: (m.name, m.days, m.price_for(sums.goods)) for m in methods},
        providers={p.code: (p.name, p.about, None) for p in payment.offered().values()},
        totals=sums,
        delivery=chosen,
    )


def review(found: Review, held: Held, *, before: Totals | None = None, status: int = 200) -> Response:
    """Return the page that shows all of it; `before` is what was agreed to, if that is not what it comes to now."""
    now = datetime.now(UTC)
    provider = payment.offered().get(found.checkout.payment)
    answer = page(
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
        counted=any(line.counted and not line.backorder for line in found.lines),
        before=before,
        prices_before={line.sku: line.unit_price for line in before.lines} if before else {},
    )
    return leads_to(answer, provider.origin if provider else "")


def short(error: ShortageError) -> Response:
    """Return the page that says that somebody was quicker."""
    wanted = {line.sku for line in error.short}
    cart = cart_queries.page()
    rest = [line for line in cart.lines if line.price and line.sku not in wanted]
    return page("checkout/short.html", error.status, short=error.short, gone=error.gone, rest=rest)


def empty() -> Response:
    """Return the page that says that there is nothing to buy."""
    return page("checkout/empty.html", EmptyBasketError.status)


def reused(error: KeyReusedError) -> Response:
    """Return the page that says that the form has done its work."""
    return page("checkout/reused.html", error.status, sentence=str(error))
