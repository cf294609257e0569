"""What a provider's messages do to orders: each once, in whatever order they come.

Who tells what too early gets an OrderError, and tells it again later; that is the provider's habit.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from storefront.checkout import orders
from storefront.checkout.payment import attempts
from storefront.checkout.payment.models import Payment, PaymentEvent
from storefront.extensions import write_transaction

ACTOR = "Stripe"
_PAID = ("checkout.session.completed", "checkout.session.async_payment_succeeded")
_FAILED = ("checkout.session.expired", "checkout.session.async_payment_failed")
_REFUNDED = ("refund.created", "refund.updated", "refund.failed")
_LOST = ("failed", "canceled")  # ends of a refund: whatever else is told of it later is only late
ABOUT = (*_PAID, *_FAILED, *_REFUNDED)
"""The kinds of messages that mean something to us."""


def settle(provider: str, event_id: str, kind: str, number: str, about: dict[str, Any]) -> bool:
    """Do what a message says, in one transaction.

    Args:
        provider: whose message it is.
        event_id: its name there: the same one counts once.
        kind: one of ABOUT.
        number: of the order that it is about.
        about: the object that it is about, as Stripe describes it.

    Returns:
        False if it had been dealt with before.

    Raises:
        OrderError: it cannot be done, or cannot be done yet; NoSuchOrderError: it is about no order of ours.
    """
    with write_transaction() as session:
        order = orders.locked(session, number)  # doubled messages wait here for each other
        if not once(session, provider, event_id, kind):
            return False
        if kind in _REFUNDED:
            _refunded(session, provider, number, about)
            return True
        payment = attempts.find(session, order, provider, str(about["id"]))
        if kind in _PAID and about.get("payment_status") == "paid":
            _paid(session, number, payment, about)
        elif kind in _FAILED:
            _failed(session, number, payment)
    return True


def once(session: Session, provider: str, event_id: str, kind: str) -> bool:
    """Return whether this is the first time, and remember it. The caller has locked the order."""
    seen = select(PaymentEvent.id).where(PaymentEvent.provider == provider, PaymentEvent.event_id == event_id)
    if session.execute(seen).first() is not None:
        return False
    session.add(PaymentEvent(provider=provider, event_id=event_id, kind=kind))
    session.flush()
    return True


def _paid(session: Session, number: str, payment: Payment, about: dict[str, Any]) -> None:
    if payment.state == "paid":
        return
    currency, reference = str(about["currency"]).upper(), payment.reference
    payment.state = "paid"
    session.flush()  # if the order has been called off, this is what goes back
    orders.pay(session, number, int(about["amount_total"]), currency, actor=ACTOR, note=reference)


def _failed(session: Session, number: str, payment: Payment) -> None:
    """An order whose last attempt has failed gives its goods back; one that is paid otherwise stays."""
    if payment.state != "pending":
        return
    payment.state = "failed"
    session.flush()
    order = orders.locked(session, number)
    hope = select(Payment.id).where(Payment.order_id == order.id, Payment.state == "pending")
    if order.state == "placed" and not order.paid and session.execute(hope).first() is None:
        orders.cancel(session, number, actor=ACTOR, note="It was not paid in time.")


def _refunded(session: Session, provider: str, number: str, about: dict[str, Any]) -> None:
    """A refund counts once, whoever asked for it, and no more once it has failed, whichever is told first."""
    name, amount = str(about["id"]), int(about["amount"])
    new = once(session, provider, f"refund:{name}", "refund")
    if about.get("status") not in _LOST:
        if new:
            orders.refund(session, number, amount, actor=ACTOR, note=name)
    elif once(session, provider, f"lost:{name}", "refund.failed"):
        if new:
            orders.note(session, number, f"The refund {name} failed; it had not been counted.", actor=ACTOR)
        else:
            orders.refund_failed(session, number, amount, actor=ACTOR, note=name)
