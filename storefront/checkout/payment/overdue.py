"""Orders whose payment was never begun, or whose end nobody told us: after a while they give their goods back too."""

from __future__ import annotations

import logging
from datetime import UTC, datetime, timedelta

from sqlalchemy import select, update

from storefront.checkout import orders, payment, queries
from storefront.checkout.models import Order
from storefront.checkout.orders import OrderError
from storefront.checkout.payment.models import Payment
from storefront.extensions import db, writing

log = logging.getLogger(__name__)

# Well beyond the time that a provider's page is open, so that its own message comes first.
AFTER = timedelta(hours=1)
BATCH = 20


def call_off_overdue() -> int:
    """Cancel orders that should long have been paid elsewhere and cannot be paid any more; return how many."""
    done = 0
    for number in _overdue():
        order = queries.order(number)
        provider = payment.of(order) if order is not None else None
        db.session.rollback()  # the provider is asked with nothing open
        if order is None or provider is None or not provider.abandon(order):
            continue
        try:
            with writing() as session:
                orders.cancel(session, number, actor="shop", note="It was not paid in time.")
                order_id = select(Order.id).where(Order.number == number).scalar_subquery()
                pending = (Payment.order_id == order_id) & (Payment.state == "pending")
                session.execute(update(Payment).where(pending).values(state="failed"))
        except OrderError as error:  # somebody else was quicker
            log.info("%s was not called off: %s", number, error)
            continue
        done += 1
    return done


def _overdue() -> list[str]:
    elsewhere = [code for code, provider in payment.offered().items() if provider.origin]
    if not elsewhere:
        return []
    found = db.session.execute(
        select(Order.number)
        .where(Order.state == "placed", Order.paid == 0, Order.payment.in_(elsewhere))
        .where(Order.placed_at < datetime.now(UTC) - AFTER)
        .order_by(Order.id)
        .limit(BATCH)
    ).scalars().all()  # fmt: skip
    db.session.rollback()
    return list(found)
