"""The page with the form of the checkout, and the review of the order."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from math import ceil
from typing import Any

from flask import request
from werkzeug.wrappers import Response

from storefront import accounts
from storefront.accounts.models import User
from storefront.cart import basket_form
from storefront.cart import queries as cart_queries
from storefront.checkout import drafts, forms, holds
from storefront.checkout.drafts import CheckoutLine, OrderReview
from storefront.checkout.errors import EmptyBasketError
from storefront.checkout.holds import HoldStatus
from storefront.checkout.models import Checkout
from storefront.checkout.pages import allow_form_targets, render_page
from storefront.checkout.terms import current_terms
from storefront.checkout.totals import Totals, compute_totals
from storefront.content import menu_reader
from storefront.extensions import db
from storefront.postal import address_rules
from storefront.postal.address_lines import address_lines
from storefront.web.forms import Form


def details_page(form: Form, user: User | None, taken: Sequence[int] = ()) -> Response:
    """Return the page with the form. `taken`: the ids of basket lines that were changed to what is left."""
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
        countries=forms.country_choices(is_sent=is_sent),
        invoice_countries=address_rules.country_names(),
        needs=address_rules.rules_for(values.get("country", "")),
        invoice_needs=address_rules.rules_for(values.get("bill_country", "")),
        methods={m.code: (m.shown_name, m.shown_days, m.price_for(totals.goods)) for m in methods},
        providers={p.code: (p.name, p.about, None) for p in terms.offered.values()},
        totals=totals,
        delivery=chosen if is_sent else None,
        is_sent=is_sent,
        **_stock_of_page(lines, unavailable, taken),
        asks_region=is_sent or terms.tax.has_regions(values.get("country", "")),
    )


def review_page(
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
        legal=menu_reader.fetch_order_links(),
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


def _stock_of_page(
    lines: Sequence[CheckoutLine], unavailable: Sequence[str], taken: Sequence[int] = ()
) -> dict[str, Any]:
    """Return a page's values about stock: `cart`, if lines may be short, and the sentences about `taken`."""
    taken = taken or basket_form.read_taken(request.args)
    maybe_short = any(line.needs_stock and line.available < line.item.quantity for line in lines)
    cart = cart_queries.load_cart_page() if taken or unavailable or maybe_short else None
    return {"cart": cart, "taken": cart.describe_taken(taken) if cart else []}
