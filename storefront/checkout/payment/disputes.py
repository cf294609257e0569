"""Disputes: the holder of a card asks the bank for the money back. The order is not shipped until staff decide.

Stripe reports a dispute several times, in any order (docs.stripe.com/disputes/responding). A dispute that was won, or
an inquiry that was closed, stops nothing any more; after one that was lost, staff still have to decide.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from storefront import shop_settings
from storefront.actors import actor_text
from storefront.checkout import order_events, orders
from storefront.checkout.errors import OrderError
from storefront.checkout.models import FINAL_DISPUTE_STATES, Order, PaymentDispute
from storefront.checkout.payment.stripe_messages import Dispute
from storefront.extensions import db
from storefront.i18n import gettext as _
from storefront.i18n import lazy_gettext
from storefront.money import Money

# Stripe's reasons and states of a dispute (docs.stripe.com/api/disputes/object).
_CODES: Mapping[str, str] = {
    "bank_cannot_process": lazy_gettext("bank cannot process"),
    "check_returned": lazy_gettext("check returned"),
    "credit_not_processed": lazy_gettext("credit not processed"),
    "customer_initiated": lazy_gettext("customer initiated"),
    "debit_not_authorized": lazy_gettext("debit not authorized"),
    "duplicate": lazy_gettext("duplicate"),
    "fraudulent": lazy_gettext("fraudulent"),
    "general": lazy_gettext("general"),
    "incorrect_account_details": lazy_gettext("incorrect account details"),
    "insufficient_funds": lazy_gettext("insufficient funds"),
    "noncompliant": lazy_gettext("noncompliant"),
    "product_not_received": lazy_gettext("product not received"),
    "product_unacceptable": lazy_gettext("product unacceptable"),
    "subscription_canceled": lazy_gettext("subscription canceled"),
    "unrecognized": lazy_gettext("unrecognized"),
    "lost": lazy_gettext("lost"),
    "needs_response": lazy_gettext("needs response"),
    "prevented": lazy_gettext("prevented"),
    "under_review": lazy_gettext("under review"),
    "warning_closed": lazy_gettext("warning closed"),
    "warning_needs_response": lazy_gettext("warning needs response"),
    "warning_under_review": lazy_gettext("warning under review"),
    "won": lazy_gettext("won"),
}


def record_dispute(session: Session, order: Order, provider: str, dispute: Dispute) -> None:
    """Write a dispute of a locked order, or its new state, and note it at the order."""
    row = session.execute(
        select(PaymentDispute).where(
            PaymentDispute.provider == provider, PaymentDispute.reference == dispute.id
        )
    ).scalar_one_or_none()
    if row is None:
        row = PaymentDispute(order_id=order.id, provider=provider, reference=dispute.id, status="")
        session.add(row)
    if row.status == dispute.status or row.status in FINAL_DISPUTE_STATES:
        return  # a report that came late
    row.amount, row.currency = dispute.amount, dispute.currency.upper()
    row.reason, row.status = dispute.reason[:100], dispute.status[:30]
    text = _(
        "Dispute %(reference)s of %(amount)s at Stripe (%(reason)s): %(status)s.",
        reference=dispute.id,
        amount=Money(row.amount, row.currency).format(shop_settings.current().locale),
        reason=describe(row.reason),
        status=describe(row.status),
    )
    orders.add_note(session, order.number, text)


def allow_shipping(session: Session, number: str, note: str) -> None:
    """Let an order be shipped despite its disputes, as staff have decided.

    Raises:
        OrderError: no dispute stops the order.
    """
    order = order_events.lock_order(session, number)
    stops = (PaymentDispute.order_id == order.id) & PaymentDispute.stops_shipping()
    stopping = session.scalars(select(PaymentDispute.reference).where(stops)).all()
    if not stopping:
        raise OrderError(_("No dispute is holding this order."))
    session.execute(update(PaymentDispute).where(stops).values(decided_by=actor_text()))
    text = _("It may be shipped despite the dispute %(reference)s.", reference=", ".join(stopping))
    orders.add_note(session, number, f"{text} {note}".strip())


def describe(code: str) -> str:
    """Return a reason or a state of Stripe's in the language of the page; one that is not known in Stripe's words."""
    return str(_CODES.get(code, code.replace("_", " ")))


def list_disputes(number: str) -> Sequence[PaymentDispute]:
    """Return the disputes of an order, the oldest first."""
    query = select(PaymentDispute).join(Order, Order.id == PaymentDispute.order_id)
    return db.session.scalars(query.where(Order.number == number).order_by(PaymentDispute.id)).all()
