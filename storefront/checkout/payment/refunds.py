"""Refunds: those that staff send, and the automatic ones of cancelled orders.

An automatic refund is due when `Payment.refund_due_at` is set. The transaction that cancels the order, or records
money for a cancelled order, sets it. Workers then claim the payment and ask the provider without an open transaction.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from flask import Flask
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from storefront import actors, periodic
from storefront.background.due_queue import Attempt, DueQueue, Outcome
from storefront.checkout import order_events, order_states, orders, queries
from storefront.checkout.errors import NoSuchOrderError, OrderError, PaymentError
from storefront.checkout.models import Order, Payment
from storefront.checkout.order_events import OrderChange
from storefront.checkout.payment import attempts
from storefront.checkout.terms import current_terms
from storefront.extensions import db, write_transaction
from storefront.i18n import gettext as _

# Seconds before each retry. The last interval repeats until the refund has succeeded.
BACKOFF = (30, 60, 300, 900, 3600)
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
    """Schedule refunds when orders are cancelled, and send due refunds in every serving process."""
    order_events.changed.register(app, _schedule_refund)
    periodic.add_task(app, "refunds-due", send_due_refunds, interval=5.0)


def refund_order(
    number: str,
    amount: int,
    key: str,
    *,
    note: str = "",
    returned: Mapping[int, int] | None = None,
) -> None:
    """Refund an amount of an order: at the provider first, then in the order. Each counts once for each key.

    Args:
        number: the order's number.
        amount: in minor units.
        key: the idempotency key of the form.
        note: the reason, for the order's log.
        returned: the quantity of each line (by id) that goes back into stock.

    Raises:
        OrderError: the amount cannot be refunded; PaymentError: the provider did not refund it. Nothing was changed.
    """
    order = queries.find_order(number)
    if order is None:
        raise NoSuchOrderError
    db.session.rollback()  # no transaction is open during the request to the provider
    provider = current_terms().provider_of(order)
    if not 0 < amount <= order.paid.amount:
        raise OrderError(_("Only an amount that was paid can be refunded."))
    code, reference = order_states.INVOICE, key
    if provider is not None:
        code, reference = provider.code, provider.refund(order, amount, key)
    with write_transaction() as session:
        order_events.lock_order(session, number)
        if attempts.mark_handled(session, code, f"refund:{reference}", "refund"):
            orders.record_refund(session, number, amount, note=note, returned=returned)


def send_due_refunds(number: str | None = None) -> int:
    """Send the refunds that are due, of one order or of all; return how many payments were refunded.

    The shop is their actor, also if the request that cancelled the order sends them.
    """
    with actors.acting_as(actors.SYSTEM):
        return _queue.run(_send_refund, *([Order.number == number] if number else [])).succeeded


def _schedule_refund(session: Session, change: OrderChange) -> None:
    if change.kind not in ("paid", "cancelled") or change.state != "cancelled":
        return
    if change.paid == change.refunded or queries.is_disputed(session, change.order_id):
        return  # the bank moves disputed money, so a refund would pay it twice
    provider = current_terms().providers.get(change.payment)
    # Staff see on the order's page what they have to transfer themselves.
    if provider is not None and provider.refunds_automatically:
        paid = (Payment.order_id == change.order_id) & (Payment.state == "paid")
        session.execute(update(Payment).where(paid).values(refund_due_at=datetime.now(UTC)))


def _send_refund(attempt: Attempt) -> Outcome:
    number, reference = attempt.row.number, attempt.row.reference
    order = queries.find_order(number)
    if order is not None and order.refundable.amount:
        amount = order.refundable.amount
        try:
            # The key is derived from the payment: a worker that follows one that died after the provider's refund
            # gets the same refund again.
            refund_order(number, amount, f"back-{reference}-{amount}", note=reference)
        except (PaymentError, OrderError) as error:
            if attempt.number in (1, len(BACKOFF) + 1):
                _add_note(
                    number,
                    _("The refund failed and will be tried again automatically. %(error)s", error=error),
                )
            return Outcome(succeeded=False)
    return Outcome(succeeded=True)


def _add_note(number: str, text: str) -> None:
    with write_transaction() as session:
        orders.add_note(session, number, text)
