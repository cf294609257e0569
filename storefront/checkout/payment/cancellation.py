"""Calling an order off: its goods come back, it cannot be paid any more, and what was paid goes back."""

from __future__ import annotations

from storefront.checkout import orders, payment
from storefront.checkout.payment import refunds
from storefront.checkout.queries import OrderView
from storefront.extensions import db, write_transaction


def cancel_order(order: OrderView, *, actor: str, note: str = "") -> None:
    """Cancel an order, and tell its provider.

    Raises:
        OrderError: it is too late for that; nothing was changed.
    """
    with write_transaction() as session:
        orders.cancel(session, order.number, actor=actor, note=note)
    close_payment_and_refund(order)


def close_payment_and_refund(order: OrderView) -> None:
    """Have no more paid for an order that has been cancelled, and what was paid given back; nothing stays open."""
    provider = payment.provider_of(order)
    db.session.rollback()
    if provider is not None:
        provider.abandon(order)
        refunds.send_due_refunds(order.number)
