"""Cancellation of orders: by customers and staff, and by expiry of orders that are not paid in time.

An order expires if its payment was never begun, or if no event has reported how the payment ended.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from flask import Flask
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from storefront import periodic
from storefront.checkout import order_events, order_states, orders, queries, shipping
from storefront.checkout.errors import OrderError
from storefront.checkout.models import Order, Payment
from storefront.checkout.order_view import OrderView
from storefront.checkout.payment import refunds
from storefront.checkout.terms import current_terms
from storefront.extensions import db, write_transaction
from storefront.i18n import gettext as _

log = logging.getLogger(__name__)

# Much longer than a provider's page is open, so that the provider's own event arrives first.
UNPAID_LIFETIME = timedelta(hours=1)
BATCH = 20


def init_app(app: Flask) -> None:
    """Look for unpaid orders in every serving process."""
    periodic.add_task(app, "unpaid-orders", cancel_unpaid_orders, interval=60.0)


def cancel_order(order: OrderView, *, note: str = "") -> None:
    """Cancel an order, then close its payment and refund what was paid.

    Raises:
        OrderError: the order can no longer be cancelled; nothing was changed.
    """
    with write_transaction() as session:
        orders.cancel(session, order.number, note=note)
    close_payment_and_refund(order)


def take_back_order(order: OrderView, returned: Mapping[int, int], *, note: str = "") -> None:
    """Take back an unpaid order that was sent (its goods by line id), then close its payment and refund a part.

    Raises:
        OrderError: the order was not sent, or is paid; nothing was changed.
    """
    with write_transaction() as session:
        shipping.take_back(session, order.number, returned, note=note)
    close_payment_and_refund(order)


def close_payment_and_refund(order: OrderView) -> None:
    """Close the payment page of a cancelled order, and refund what was paid. No transaction stays open."""
    provider = current_terms().provider_of(order)
    db.session.rollback()
    if provider is not None:
        provider.abandon(order)
        refunds.send_due_refunds(order.number)


def cancel_unpaid_orders() -> int:
    """Cancel the orders that should have been paid at a provider and no longer can be; return how many.

    An order whose payment cannot be closed is skipped, so that it does not hide younger ones.
    """
    cancelled, last_id = 0, 0
    while batch := _find_unpaid(last_id):
        cancelled += sum(_expire(number) for _id, number in batch)
        last_id = batch[-1][0]
    return cancelled


def cancel_if_unpaid(session: Session, number: str) -> bool:
    """Cancel an order for which no money has arrived and that was not shipped; return whether it was cancelled."""
    order = order_events.lock_order(session, number)
    if not order_states.is_unpaid(order):
        return False
    orders.cancel(session, number, note=_("The order wasn’t paid in time."))
    return True


def _expire(number: str) -> bool:
    order = queries.find_order(number)
    provider = current_terms().provider_of(order) if order is not None else None
    db.session.rollback()  # no transaction is open during the request to the provider
    if order is None or provider is None or not provider.abandon(order):
        return False
    try:
        with write_transaction() as session:
            if not cancel_if_unpaid(session, number):  # paid or cancelled in the meantime
                return False
            order_id = select(Order.id).where(Order.number == number).scalar_subquery()
            pending = (Payment.order_id == order_id) & (Payment.state == "pending")
            session.execute(update(Payment).where(pending).values(state="failed"))
    except OrderError as error:
        log.info("%s was not cancelled: %s", number, error)
        return False
    return True


def _find_unpaid(after: int) -> list[tuple[int, str]]:
    """Return ids and numbers of the next batch of unpaid orders whose id is above `after`, oldest first."""
    codes = [code for code, provider in current_terms().providers.items() if provider.origin]
    if not codes:
        return []
    rows = db.session.execute(
        select(Order.id, Order.number)
        .where(Order.id > after, Order.state == "placed", Order.paid == 0, Order.payment.in_(codes))
        .where(Order.placed_at < datetime.now(UTC) - UNPAID_LIFETIME)
        .order_by(Order.id)
        .limit(BATCH)
    ).all()
    db.session.rollback()
    return [(row.id, row.number) for row in rows]
