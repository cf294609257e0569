"""Attempts to pay at a provider, and the provider's events that have been handled."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from storefront.checkout import order_events
from storefront.checkout.models import Order, Payment, PaymentEvent
from storefront.extensions import db, write_transaction


@dataclass(frozen=True, slots=True)
class PaymentAttempt:
    """An attempt to pay: the provider's id of it, and its state (see `Payment`)."""

    reference: str
    state: str


def list_attempts(provider: str, number: str) -> list[PaymentAttempt]:
    """Return the attempts to pay an order, oldest first. No transaction stays open, since a request may follow."""
    rows = db.session.execute(
        select(Payment.reference, Payment.state)
        .join(Order, Order.id == Payment.order_id)
        .where(Order.number == number, Payment.provider == provider)
        .order_by(Payment.id)
    ).all()
    attempts = [PaymentAttempt(row.reference, row.state) for row in rows]
    db.session.rollback()
    return attempts


def record_attempt(provider: str, reference: str, number: str) -> None:
    """Write an attempt, unless it exists."""
    with write_transaction() as session:
        order = order_events.lock_order(session, number)
        find_or_create(session, order, provider, reference)


def find_or_create(session: Session, order: Order, provider: str, reference: str) -> Payment:
    """Return an attempt to pay an order, which is created if needed. The caller has locked the order."""
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
    """Mark an event as handled; return False if it was already. The caller has locked the order."""
    earlier = select(PaymentEvent.id).where(
        PaymentEvent.provider == provider, PaymentEvent.event_id == event_id
    )
    if session.execute(earlier).first() is not None:
        return False
    session.add(PaymentEvent(provider=provider, event_id=event_id, kind=kind))
    session.flush()
    return True
