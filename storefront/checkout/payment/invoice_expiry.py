"""Expiry of orders by invoice that nobody pays: a letter some days before, then the goods go back into stock.

Only orders that are neither paid nor shipped expire, and only if they keep goods from others. The time of an order
that has none yet begins when a worker first sees it: orders from before this rule get the whole time, too.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
from flask import Flask
from sqlalchemy import ColumnElement, exists, select, update
from sqlalchemy.orm import Session

from storefront import mail, periodic
from storefront.checkout import access, order_events, orders, queries
from storefront.checkout.errors import OrderError
from storefront.checkout.messages import is_to_customer, order_letter
from storefront.checkout.models import Order, OrderLine
from storefront.checkout.order_states import UNPAID_INVOICE, is_unpaid_invoice
from storefront.checkout.order_view import OrderView
from storefront.checkout.payment.cancellation import cancel_if_unpaid
from storefront.checkout.payment.invoice import payment_end, payment_time
from storefront.checkout.terms import current_terms
from storefront.errors import StorefrontError
from storefront.extensions import db, write_transaction
from storefront.i18n import gettext as _
from storefront.mail import (
    DeferredMail,
    Letter,
    MailNotConfiguredError,
    MailText,
    TooManyMailsError,
    compose_letter,
)
from storefront.moments import format_day

log = logging.getLogger(__name__)

LONGEST_NOTICE = timedelta(days=4)  # between the letter and the end, or half of the time if that is shorter
_COMPOSER = "invoice-reminder"
_KEEPS_GOODS = exists(
    select(OrderLine.id).where(OrderLine.order_id == Order.id, OrderLine.from_stock > OrderLine.returned)
)


def init_app(app: Flask) -> None:
    """Look for unpaid orders by invoice in every serving process."""
    periodic.add_task(app, "unpaid-invoices", expire_unpaid_invoices, interval=300.0)
    mail.register_composer(app, _COMPOSER, _compose)


def expire_unpaid_invoices() -> int:
    """Begin the time of orders that have none, remind, and cancel what is overdue; return how many were cancelled."""
    time = payment_time()
    if time is None:
        return 0
    now, notice = datetime.now(UTC), min(LONGEST_NOTICE, time / 2)
    without_end = (UNPAID_INVOICE, Order.pay_by.is_(None), _KEEPS_GOODS)
    if _find_numbers(*without_end):
        with write_transaction() as session:
            session.execute(update(Order).where(*without_end).values(pay_by=now + time))
    may_end: ColumnElement[bool] = Order.reminded_at.is_not(None)
    unreminded = _find_numbers(UNPAID_INVOICE, Order.pay_by < now + notice, Order.reminded_at.is_(None))
    try:
        refused = [number for number in unreminded if not _remind(number, now + notice)]
        # Somebody who fills the recipient's mailbox must not keep the goods for ever.
        may_end |= Order.number.in_(refused) & (Order.pay_by < now - notice)
    except MailNotConfiguredError as error:
        log.warning("%s Unpaid orders by invoice end only after a letter, so none ends.", error)
    overdue = _find_numbers(UNPAID_INVOICE, Order.pay_by < now, may_end)
    return sum(_expire(number, now) for number in overdue)


def prolong(session: Session, number: str, *, note: str = "") -> None:
    """Give an unpaid order by invoice the whole time again, from now on.

    Raises:
        OrderError: it is paid, shipped or cancelled, or orders do not expire in this shop.
    """
    order, end = order_events.lock_order(session, number), payment_end()
    if end is None or not is_unpaid_invoice(order):
        raise OrderError(_("This order isn’t waiting for an invoice payment."))
    order.pay_by, order.reminded_at = end, None
    text = _("The order can be paid until %(day)s.", day=format_day(end))
    orders.add_note(session, number, f"{text} {note}".strip())


def _find_numbers(*where: ColumnElement[bool]) -> Sequence[str]:
    with db.engine.connect() as connection:
        return connection.execute(select(Order.number).where(*where).order_by(Order.id)).scalars().all()


def _remind(number: str, earliest_end: datetime) -> bool:
    """Enqueue the letter, and move the end so that the customer has time to pay; False if too many have gone there.

    Raises:
        MailNotConfiguredError: this shop cannot send mail.
    """
    with suppress(TooManyMailsError), write_transaction() as session:
        order = order_events.lock_order(session, number)
        if order.pay_by is None or order.reminded_at is not None or not is_unpaid_invoice(order):
            return True  # another worker was quicker, or it was settled
        data = {"number": number, "site": access.shop_url(), "email": order.email}
        content = DeferredMail(_COMPOSER, data, order.locale)
        mail.enqueue_limited(session, order.email, content)
        order.reminded_at, order.pay_by = datetime.now(UTC), max(order.pay_by, earliest_end)
        text = _("Reminder sent. The order can be paid until %(day)s.", day=format_day(order.pay_by))
        orders.add_note(session, number, text)
        return True
    return False


def _expire(number: str, now: datetime) -> bool:
    try:
        with write_transaction() as session:
            order = order_events.lock_order(session, number)
            if order.pay_by is None or order.pay_by >= now:
                return False  # staff have given it more time
            return cancel_if_unpaid(session, number)
    except StorefrontError as error:
        # Such as a variant that the shop no longer has: staff have to look at it.
        log.warning("The unpaid order %s was not cancelled: %s", number, error)
        return False


def _compose(data: dict[str, Any]) -> MailText | None:
    order = queries.find_order(data["number"])
    if order is None or order.payment_ends is None or not is_to_customer(order, data):
        return None  # it was settled, or its address corrected, before the letter was sent
    return compose_letter(reminder_letter(order, order.payment_ends, data["site"]))


def reminder_letter(order: OrderView, end: datetime, site: str) -> Letter:
    """Return the letter that asks for the payment of an order until a day."""
    provider = current_terms().provider_of(order)
    lines = provider.instructions(order) if provider else ()
    sentences = (
        _(
            "We haven’t received your payment yet. We reserve your items until %(day)s, then the order is "
            "cancelled automatically.",
            day=format_day(end),
        ),
        _("If you have just paid, you don’t need to do anything."),
    )
    letter = order_letter("payment_reminder", order, site, sentences)
    blocks = ((_("How to pay:"), *lines),) if lines else ()
    return replace(letter, facts=msgspec.structs.replace(letter.facts, blocks=blocks))
