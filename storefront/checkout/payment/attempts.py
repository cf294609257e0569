"""What was begun at a provider to pay an order: each attempt is a row, by the provider's own reference."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from storefront.checkout import orders
from storefront.checkout.models import Order, Payment, PaymentEvent
from storefront.extensions import db, write_transaction


@dataclass(frozen=True, slots=True)
class Attempt:
    """An attempt to pay."""

    reference: str
    state: str


def list_attempts(provider: str, number: str) -> list[Attempt]:
    """Return the attempts to pay an order, the oldest first. No transaction is left open: a network may follow."""
    rows = db.session.execute(
        select(Payment.reference, Payment.state)
        .join(Order, Order.id == Payment.order_id)
        .where(Order.number == number, Payment.provider == provider)
        .order_by(Payment.id)
    ).all()
    found = [Attempt(row.reference, row.state) for row in rows]
    db.session.rollback()
    return found


def record_attempt(provider: str, reference: str, number: str) -> None:
    """Write an attempt down, if it is not there already."""
    with write_transaction() as session:
        order = orders.lock_order(session, number)
        find_or_create(session, order, provider, reference)


def find_or_create(session: Session, order: Order, provider: str, reference: str) -> Payment:
    """Return an attempt of an order that the caller has locked, written down if it is not there yet."""
    payment = session.execute(
        select(Payment).where(Payment.provider == provider, Payment.reference == reference)
    ).scalar_one_or_none()
    if payment is None:
        payment = Payment(
            order_id=order.id,
            provider=provider,
            reference=reference,
            amount=order.total,
            currency=order.currency,
        )
        session.add(payment)
        session.flush()
    return payment


def mark_handled(session: Session, provider: str, event_id: str, kind: str) -> bool:
    """Return whether this is the first time, and remember it. The caller has locked the order."""
    seen = select(PaymentEvent.id).where(PaymentEvent.provider == provider, PaymentEvent.event_id == event_id)
    if session.execute(seen).first() is not None:
        return False
    session.add(PaymentEvent(provider=provider, event_id=event_id, kind=kind))
    session.flush()
    return True
