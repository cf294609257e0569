"""Money of an order that is called off goes back by itself: at once, or as soon as its provider can be asked.

What is owed is a time in the payment's row, written by the very transaction that called the order off, or took money
for one that had been. Providers are asked with nothing open; whoever moves the time on is the one who asks.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from flask import Flask
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from storefront import periodic
from storefront.background.due_queue import Attempt, DueQueue, Outcome
from storefront.checkout import orders, payment, queries
from storefront.checkout.errors import NoSuchOrderError, OrderError, PaymentError
from storefront.checkout.models import Order, OrderEvent, Payment
from storefront.checkout.payment import attempts
from storefront.extensions import db, write_transaction

# After so many seconds it is tried again; after the last again and again, until it has gone back.
BACKOFF = (30, 60, 300, 900, 3600)
ACTOR = "shop"
_queue = DueQueue(
    model=Payment,
    key=Payment.id,
    due_at=Payment.refund_due_at,
    attempts=Payment.refund_attempts,
    query=select(
        Payment.id, Payment.refund_due_at, Payment.refund_attempts, Payment.reference, Order.number
    ).join(Order, Order.id == Payment.order_id),
    backoff=BACKOFF,
    gives_up=False,
)


def init_app(app: Flask) -> None:
    """Write down what is owed as orders are called off, and let every serving process give it back."""
    orders.on_event(app, _schedule_refund)
    periodic.add_task(app, "refunds-due", send_due_refunds, interval=5.0)


def refund_order(
    number: str,
    amount: int,
    key: str,
    *,
    actor: str,
    note: str = "",
    returned: Mapping[int, int] | None = None,
) -> None:
    """Give back an amount of an order, with or without goods that come back into stock.

    Args:
        number: the order's.
        amount: in minor units.
        key: of the form: sent twice it gives back once.
        actor: who does it.
        note: why.
        returned: how many of which lines (by id) are in stock again.

    Raises:
        OrderError: it cannot be given back; PaymentError: the provider did not do it. Nothing was changed.
    """
    order = queries.find_order(number)
    if order is None:
        raise NoSuchOrderError
    db.session.rollback()  # nothing is open while the provider is asked
    provider = payment.provider_of(order)
    if not 0 < amount <= order.paid.amount:
        raise OrderError("Only what was paid can be refunded.")
    code, reference = "invoice", key
    if provider is not None:
        code, reference = provider.code, provider.refund(order, amount, key)
    with write_transaction() as session:
        orders.lock_order(session, number)
        if attempts.mark_handled(session, code, f"refund:{reference}", "refund"):
            orders.record_refund(session, number, amount, actor=actor, note=note, returned=returned)


def _schedule_refund(session: Session, order: Order, event: OrderEvent) -> None:
    if event.kind not in ("paid", "cancelled") or order.state != "cancelled" or order.paid == order.refunded:
        return
    provider = payment.offered_providers().get(order.payment)
    if provider is not None and provider.gives_back:  # what people have to transfer is shown to them
        paid = (Payment.order_id == order.id) & (Payment.state == "paid")
        session.execute(update(Payment).where(paid).values(refund_due_at=datetime.now(UTC)))


def send_due_refunds(number: str | None = None) -> int:
    """Give back what is owed now, of this order or of all; return how many payments have gone back."""
    return _queue.run(_give_back, *([Order.number == number] if number else [])).succeeded


def _give_back(attempt: Attempt) -> Outcome:
    number, reference = attempt.row.number, attempt.row.reference
    order = queries.find_order(number)
    if order is not None and order.refundable.amount:
        amount = order.refundable.amount
        try:
            # The key names the payment: a worker that follows one that died before our books finds the same refund.
            refund_order(number, amount, f"back-{reference}-{amount}", actor=ACTOR, note=reference)
        except (PaymentError, OrderError) as error:
            if attempt.number in (1, len(BACKOFF) + 1):
                _note(number, f"It is still to be given back, and is tried again by itself. {error}")
            return Outcome(succeeded=False)
    return Outcome(succeeded=True)


def _note(number: str, text: str) -> None:
    with write_transaction() as session:
        orders.add_note(session, number, text, actor=ACTOR)
