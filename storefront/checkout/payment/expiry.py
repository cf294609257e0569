"""Orders whose payment was never begun, or whose end nobody told us: after a while they give their goods back too."""

from __future__ import annotations

import logging
from datetime import UTC, datetime, timedelta

from sqlalchemy import select, update

from storefront.checkout import orders, payment, queries
from storefront.checkout.errors import OrderError
from storefront.checkout.models import Order, Payment
from storefront.extensions import db, write_transaction

log = logging.getLogger(__name__)

# Well beyond the time that a provider's page is open, so that its own message comes first.
UNPAID_LIFETIME = timedelta(hours=1)
BATCH = 20


def cancel_unpaid_orders() -> int:
    """Cancel orders that should long have been paid elsewhere and cannot be paid any more; return how many.

    Those that stay, since nobody can say what became of them, do not hide the younger ones.
    """
    done, last = 0, 0
    while found := _overdue(last):
        done += sum(_call_off(number) for _, number in found)
        last = found[-1][0]
    return done


def _call_off(number: str) -> bool:
    order = queries.find_order(number)
    provider = payment.provider_of(order) if order is not None else None
    db.session.rollback()  # the provider is asked with nothing open
    if order is None or provider is None or not provider.abandon(order):
        return False
    try:
        with write_transaction() as session:
            orders.cancel(session, number, actor="shop", note="It was not paid in time.")
            order_id = select(Order.id).where(Order.number == number).scalar_subquery()
            pending = (Payment.order_id == order_id) & (Payment.state == "pending")
            session.execute(update(Payment).where(pending).values(state="failed"))
    except OrderError as error:  # somebody else was quicker
        log.info("%s was not called off: %s", number, error)
        return False
    return True


def _overdue(after: int) -> list[tuple[int, str]]:
    """Return ids and numbers of the next such orders, the oldest first."""
    elsewhere = [code for code, provider in payment.offered_providers().items() if provider.origin]
    if not elsewhere:
        return []
    rows = db.session.execute(
        select(Order.id, Order.number)
        .where(Order.id > after, Order.state == "placed", Order.paid == 0, Order.payment.in_(elsewhere))
        .where(Order.placed_at < datetime.now(UTC) - UNPAID_LIFETIME)
        .order_by(Order.id)
        .limit(BATCH)
    ).all()
    db.session.rollback()
    return [(row.id, row.number) for row in rows]
