"""Our words for the letters about orders, and samples of them for the merchant's preview."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial

from flask import Flask

from storefront import mail
from storefront.checkout import access, merchant_letter, messages, new_address_letter
from storefront.checkout.payment import invoice_expiry
from storefront.checkout.sample_order import make_sample_order
from storefront.i18n import gettext as _
from storefront.i18n import lazy_gettext
from storefront.mail import Letter, LetterKind, Words
from storefront.mail.letter_kinds import Values

_GROUP = lazy_gettext("Orders")
PLACEHOLDERS = ("order_number", "customer_name", "order_total")


def init_app(app: Flask) -> None:
    """Register the letters."""
    mail.register_letters(app, *LETTERS)


def _words(subject: str, opening: str = "", *, values: Values) -> Words:
    """Return words with the subject "Payment received: 2024-17"."""
    return Words(_("%(subject)s: %(number)s", subject=subject, number=values["order_number"]), opening)


def _placed(values: Values) -> Words:
    subject = _("Your order %(number)s", number=values["order_number"])
    return Words(subject, _("Thank you for your order. Here is a summary."))


def _paid(values: Values) -> Words:
    return _words(_("Payment received"), _("We’ve received your payment. Thank you."), values=values)


def _shipped(values: Values) -> Words:
    return _words(_("Your order is on its way"), _("Your parcel has been shipped."), values=values)


def _tracking(values: Values) -> Words:
    return _words(_("Where your parcel is"), values=values)


def _cancelled(values: Values) -> Words:
    return _words(_("Your order has been cancelled"), values=values)


def _returned(values: Values) -> Words:
    return _words(_("Your parcel was returned"), values=values)


def _refunded(values: Values) -> Words:
    return _words(_("Your refund"), values=values)


def _paid_late(values: Values) -> Words:
    return _words(_("Your payment is being refunded"), values=values)


def _reminder(values: Values) -> Words:
    return Words(_("Please pay your order %(number)s", number=values["order_number"]))


def _link(values: Values) -> Words:
    subject = _("The link to your order %(number)s", number=values["order_number"])
    return Words(subject, _("We received a request for a link to this order."))


def _new_address(values: Values) -> Words:
    return _words(
        _("The e-mail address of your order"),
        _("We’ve corrected the e-mail address of your order. From now on, e-mails about it come here."),
        values=values,
    )


def _new(values: Values) -> Words:
    return Words(_("New order %(number)s", number=values["order_number"]))


def _sample(*kinds: str) -> Letter:
    order = make_sample_order(*kinds)
    return messages.event_letter(order, order.events[-1], access.shop_url())


def _sample_late() -> Letter:
    order = replace(make_sample_order("cancelled", "paid"), state="cancelled")
    return messages.event_letter(order, order.events[-1], access.shop_url())


def _sample_reminder() -> Letter:
    end = datetime.now(UTC) + timedelta(days=7)
    return invoice_expiry.reminder_letter(make_sample_order("placed"), end, access.shop_url())


def _sample_link() -> Letter:
    return messages.link_letter(make_sample_order("placed"), access.shop_url())


def _sample_new_address() -> Letter:
    return new_address_letter.new_address_letter(make_sample_order("placed"), access.shop_url())


def _sample_new() -> Letter:
    return merchant_letter.new_order_letter(make_sample_order("placed"), access.shop_url())


def _kind(
    name: str,
    label: str,
    words: Callable[[Values], Words],
    sample: Callable[[], Letter],
    *,
    is_internal: bool = False,
) -> LetterKind:
    return LetterKind(name, _GROUP, label, words, sample, PLACEHOLDERS, is_internal)


LETTERS = (
    _kind("order_placed", lazy_gettext("Order received"), _placed, partial(_sample, "placed")),
    _kind("order_paid", lazy_gettext("Order paid"), _paid, partial(_sample, "placed", "paid")),
    _kind(
        "order_shipped",
        lazy_gettext("Order shipped"),
        _shipped,
        partial(_sample, "placed", "paid", "shipped"),
    ),
    _kind(
        "order_tracking",
        lazy_gettext("Tracking number changed"),
        _tracking,
        partial(_sample, "placed", "paid", "shipped", "note"),
    ),
    _kind("order_cancelled", lazy_gettext("Order cancelled"), _cancelled, partial(_sample, "cancelled")),
    _kind(
        "order_returned",
        lazy_gettext("Parcel returned"),
        _returned,
        partial(_sample, "placed", "shipped", "cancelled"),
    ),
    _kind(
        "order_refunded",
        lazy_gettext("Order refunded"),
        _refunded,
        partial(_sample, "placed", "paid", "refunded"),
    ),
    _kind(
        "order_paid_late",
        lazy_gettext("Payment after the cancellation"),
        _paid_late,
        _sample_late,
    ),
    _kind("payment_reminder", lazy_gettext("Reminder of an unpaid order"), _reminder, _sample_reminder),
    _kind("order_link", lazy_gettext("Link to an order"), _link, _sample_link),
    _kind("order_new_address", lazy_gettext("E-mail address corrected"), _new_address, _sample_new_address),
    _kind("order_new", lazy_gettext("New order, to the shop"), _new, _sample_new, is_internal=True),
)
