"""Stripe's events: the endpoint that receives them, and what each does to an order.

Each event counts once, in whatever order events arrive. An event that arrives too early is refused with 409; Stripe
sends it again later. The signature alone proves who sent it: a request from Stripe carries neither cookies nor an
origin, so the check against cross-site requests lets it pass.
"""

from __future__ import annotations

import json
from typing import Any

import stripe
from flask import Blueprint, Response, abort, current_app, jsonify, request
from sqlalchemy import select
from sqlalchemy.orm import Session

from storefront import rate_limiting
from storefront.actors import Actor, acting_as
from storefront.checkout import orders
from storefront.checkout.errors import NoSuchOrderError, OrderError, PaymentError
from storefront.checkout.models import Payment
from storefront.checkout.payment import attempts
from storefront.checkout.payment.stripe_checkout import StripeCheckout
from storefront.checkout.terms import current_terms
from storefront.extensions import write_transaction
from storefront.i18n import gettext as _

_PAID_TYPES = ("checkout.session.completed", "checkout.session.async_payment_succeeded")
_FAILED_TYPES = ("checkout.session.expired", "checkout.session.async_payment_failed")
_REFUND_TYPES = ("refund.created", "refund.updated", "refund.failed")
HANDLED_TYPES = (*_PAID_TYPES, *_FAILED_TYPES, *_REFUND_TYPES)
# Final states of a refund: an event that reports another state after one of these is late.
_FAILED_REFUND_STATES = ("failed", "canceled")

bp = Blueprint("payments", __name__, cli_group=None)


@bp.post("/payments/stripe/events")
@rate_limiting.limit("payment.event")
def stripe_event() -> tuple[Response, int]:
    """Handle an event of Stripe. An event that cannot be handled yet is refused, so that Stripe sends it again."""
    provider = current_terms().providers.get("stripe")
    if not isinstance(provider, StripeCheckout):
        abort(404)
    event = _verified_event(provider)
    kind, subject = str(event.get("type")), event.get("data", {}).get("object", {})
    if kind not in HANDLED_TYPES:
        return jsonify(message="That means nothing to this shop."), 200
    try:
        number = _order_number(provider, subject)
        with acting_as(Actor("provider", provider.code)):
            is_first = handle_event(provider.code, event["id"], kind, number, subject)
    except NoSuchOrderError:
        return jsonify(message="That is about no order of this shop."), 200
    except (OrderError, PaymentError) as error:
        current_app.logger.warning("Stripe's message %s (%s) was refused: %s", event["id"], kind, error)
        return jsonify(message=str(error)), 409
    return jsonify(message="Done." if is_first else "That was done before."), 200


def _verified_event(provider: StripeCheckout) -> dict[str, Any]:
    """Return the event if Stripe has signed it within the last five minutes (docs.stripe.com/webhooks)."""
    payload = request.get_data()
    signature = request.headers.get("Stripe-Signature")
    tolerance = stripe.Webhook.DEFAULT_TOLERANCE
    try:
        stripe.WebhookSignature.verify_header(payload, signature, provider.webhook_secret, tolerance)
        event = json.loads(payload)
    except (stripe.SignatureVerificationError, ValueError):
        event = None
    if not isinstance(event, dict) or not isinstance(event.get("id"), str):
        abort(400)
    return event


def _order_number(provider: StripeCheckout, subject: dict[str, Any]) -> str:
    number = subject.get("client_reference_id") or (subject.get("metadata") or {}).get("order")
    if not number and subject.get("object") == "refund" and subject.get("payment_intent"):
        # Staff made the refund on Stripe's own pages, where it gets no metadata.
        number = provider.order_of(str(subject["payment_intent"]))
    return str(number or "")


def handle_event(provider: str, event_id: str, kind: str, number: str, subject: dict[str, Any]) -> bool:
    """Apply an event to its order, in one transaction.

    Args:
        provider: the code of the provider.
        event_id: the provider's id of the event; each id counts once.
        kind: one of HANDLED_TYPES.
        number: the number of the order.
        subject: the object that the event is about, as Stripe describes it.

    Returns:
        False if the event was handled before.

    Raises:
        OrderError: the order's state does not allow it, or not yet.
        NoSuchOrderError: the order does not exist.
    """
    with write_transaction() as session:
        order = orders.lock_order(session, number)  # a second copy of the event waits here for the first
        if not attempts.mark_handled(session, provider, event_id, kind):
            return False
        if kind in _REFUND_TYPES:
            _handle_refund(session, provider, number, subject)
            return True
        payment = attempts.find_or_create(session, order, provider, str(subject["id"]))
        if kind in _PAID_TYPES and subject.get("payment_status") == "paid":
            _handle_paid(session, number, payment, subject)
        elif kind in _FAILED_TYPES:
            _handle_failed(session, number, payment)
    return True


def _handle_paid(session: Session, number: str, payment: Payment, subject: dict[str, Any]) -> None:
    if payment.state == "paid":
        return
    currency, amount = str(subject["currency"]).upper(), int(subject["amount_total"])
    payment.state = "paid"
    session.flush()  # the refund of a cancelled order looks for payments in this state
    orders.record_payment(session, number, amount, currency, note=payment.reference)


def _handle_failed(session: Session, number: str, payment: Payment) -> None:
    """Cancel the order if its last attempt has failed and nothing was paid in another way."""
    if payment.state != "pending":
        return
    payment.state = "failed"
    session.flush()
    order = orders.lock_order(session, number)
    pending = select(Payment.id).where(Payment.order_id == order.id, Payment.state == "pending")
    if order.state == "placed" and not order.paid and session.execute(pending).first() is None:
        orders.cancel(session, number, note=_("It was not paid in time."))


def _handle_refund(session: Session, provider: str, number: str, subject: dict[str, Any]) -> None:
    """Record a refund once, and its failure once, for any requester and any order of events."""
    reference, amount = str(subject["id"]), int(subject["amount"])
    is_new = attempts.mark_handled(session, provider, f"refund:{reference}", "refund")
    if subject.get("status") not in _FAILED_REFUND_STATES:
        if is_new:
            orders.record_refund(session, number, amount, note=reference)
    elif attempts.mark_handled(session, provider, f"lost:{reference}", "refund.failed"):
        if is_new:
            text = _("The refund %(reference)s failed; it had not been counted.", reference=reference)
            orders.add_note(session, number, text)
        else:
            orders.record_failed_refund(session, number, amount, note=reference)
