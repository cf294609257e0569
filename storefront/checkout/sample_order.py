"""An order with invented facts, for previews of letters; it is in no table."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from babel import Locale

from storefront import shop_settings
from storefront.checkout.order_view import EventView, LineView, OrderView
from storefront.checkout.terms import current_terms
from storefront.i18n import gettext as _
from storefront.i18n import shop_locale
from storefront.money import Money


def make_sample_order(*kinds: str) -> OrderView:
    """Return a sample order with events of these kinds, the last of which is its state."""
    terms, now = current_terms(), datetime.now(UTC)
    address = {
        "name": _("Robin Example"),
        "line1": _("1 Sample Street"),
        "postcode": _("12345"),
        "city": _("Exampleton"),
        "country": Locale.parse(shop_locale()).territory or "US",
    }
    is_paid = bool({"paid", "shipped", "refunded"} & {*kinds})
    return OrderView(
        number=_("SAMPLE-1"),
        user_id=None,
        email="robin@example.com",
        exact_email="robin@example.com",
        state=kinds[-1],
        goods=_amount(5000),
        delivery_price=_amount(500),
        tax=_amount(0),
        total=_amount(5500),
        paid=_amount(5500 if is_paid else 0),
        refunded=_amount(5500 if "refunded" in kinds else 0),
        prices_include_tax=True,
        taxes=[],
        ship_to=address,
        bill_to=None,
        delivery=terms.delivery_methods[0].shown_name if terms.delivery_methods else _("Standard delivery"),
        payment=next(iter(terms.providers), "invoice"),
        placed_at=now,
        access="sample",
        withheld_mails=0,
        lines=[
            _line(1, _("SAMPLE-1"), _("Sample teapot"), 1, 3000),
            _line(2, _("SAMPLE-2"), _("Sample cup"), 2, 1000),
        ],
        events=[EventView(now, "staff", kind, _amount(5500), "") for kind in kinds],
        payment_ends=now + timedelta(days=7),
        is_reminded=False,
        tracking=_("SAMPLE-PARCEL-1"),
    )


def _line(key: int, sku: str, title: str, quantity: int, price: int) -> LineView:
    return LineView(
        id=key,
        sku=sku,
        label=sku,
        title=title,
        options="",
        quantity=quantity,
        unit_price=_amount(price),
        total=_amount(quantity * price),
        returnable=0,
        unreserved=0,
    )


def _amount(minor: int) -> Money:
    return Money(minor, shop_settings.current().currency)
