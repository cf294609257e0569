"""Cancellation of an order by a customer or by staff, with the payment that belongs to it."""

from __future__ import annotations

from storefront.checkout import orders
from storefront.checkout.payment import refunds
from storefront.checkout.queries import OrderView
from storefront.checkout.terms import current_terms
from storefront.extensions import db, write_transaction


def cancel_order(order: OrderView, *, actor: str, note: str = "") -> None:
    """Cancel an order, then close its payment and refund what was paid.

    Raises:
        OrderError: the order can no longer be cancelled; nothing was changed.
    """
    with write_transaction() as session:
        orders.cancel(session, order.number, actor=actor, note=note)
    close_payment_and_refund(order)


def close_payment_and_refund(order: OrderView) -> None:
    """Close the payment page of a cancelled order, and refund what was paid. No transaction stays open."""
    provider = current_terms().provider_of(order)
    db.session.rollback()
    if provider is not None:
        provider.abandon(order)
        refunds.send_due_refunds(order.number)
