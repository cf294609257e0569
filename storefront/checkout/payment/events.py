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
from storefront.checkout import orders
from storefront.checkout.errors import NoSuchOrderError, OrderError, PaymentError
from storefront.checkout.models import Payment
from storefront.checkout.payment import attempts, offered_providers
from storefront.checkout.payment.stripe_checkout import StripeCheckout
from storefront.extensions import write_transaction

ACTOR = "Stripe"
_PAID = ("checkout.session.completed", "checkout.session.async_payment_succeeded")
_FAILED = ("checkout.session.expired", "checkout.session.async_payment_failed")
_REFUNDED = ("refund.created", "refund.updated", "refund.failed")
_LOST = ("failed", "canceled")  # ends of a refund: whatever else is told of it later is only late
HANDLED_TYPES = (*_PAID, *_FAILED, *_REFUNDED)
"""The kinds of messages that mean something to us."""

bp = Blueprint("payments", __name__, cli_group=None)


@bp.post("/payments/stripe/events")
@rate_limiting.limit("payment.event")
def stripe_event() -> tuple[Response, int]:
    """A message of Stripe's. What cannot be done yet is refused, and comes again."""
    provider = offered_providers().get("stripe")
    if not isinstance(provider, StripeCheckout):
        abort(404)
    event = _verified(provider)
    kind, about = str(event.get("type")), event.get("data", {}).get("object", {})
    if kind not in HANDLED_TYPES:
        return jsonify(message="That means nothing to this shop."), 200
    try:
        first = handle_event(provider.code, event["id"], kind, _number(provider, about), about)
    except NoSuchOrderError:
        return jsonify(message="That is about no order of this shop."), 200
    except (OrderError, PaymentError) as error:
        current_app.logger.warning("Stripe's message %s (%s) was refused: %s", event["id"], kind, error)
        return jsonify(message=str(error)), 409
    return jsonify(message="Done." if first else "That was done before."), 200


def _verified(provider: StripeCheckout) -> dict[str, Any]:
    """Return the message, if Stripe has signed it within the last five minutes (docs.stripe.com/webhooks)."""
    payload = request.get_data()
    try:
        stripe.WebhookSignature.verify_header(
            payload, request.headers.get("Stripe-Signature"), provider.webhook_secret,
            stripe.Webhook.DEFAULT_TOLERANCE,
        )  # fmt: skip
        event = json.loads(payload)
    except (stripe.SignatureVerificationError, ValueError):
        event = None
    if not isinstance(event, dict) or not isinstance(event.get("id"), str):
        abort(400)
    return event


def _number(provider: StripeCheckout, about: dict[str, Any]) -> str:
    named = about.get("client_reference_id") or (about.get("metadata") or {}).get("order")
    if not named and about.get("object") == "refund" and about.get("payment_intent"):
        named = provider.order_of(str(about["payment_intent"]))  # somebody refunded it at Stripe's own pages
    return str(named or "")


def handle_event(provider: str, event_id: str, kind: str, number: str, about: dict[str, Any]) -> bool:
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
        order = orders.lock_order(session, number)  # doubled messages wait here for each other
        if not attempts.mark_handled(session, provider, event_id, kind):
            return False
        if kind in _REFUNDED:
            _refunded(session, provider, number, about)
            return True
        payment = attempts.find_or_create(session, order, provider, str(about["id"]))
        if kind in _PAID and about.get("payment_status") == "paid":
            _paid(session, number, payment, about)
        elif kind in _FAILED:
            _failed(session, number, payment)
    return True


def _paid(session: Session, number: str, payment: Payment, about: dict[str, Any]) -> None:
    if payment.state == "paid":
        return
    currency, reference = str(about["currency"]).upper(), payment.reference
    payment.state = "paid"
    session.flush()  # if the order has been called off, this is what goes back
    orders.record_payment(session, number, int(about["amount_total"]), currency, actor=ACTOR, note=reference)


def _failed(session: Session, number: str, payment: Payment) -> None:
    """An order whose last attempt has failed gives its goods back; one that is paid otherwise stays."""
    if payment.state != "pending":
        return
    payment.state = "failed"
    session.flush()
    order = orders.lock_order(session, number)
    hope = select(Payment.id).where(Payment.order_id == order.id, Payment.state == "pending")
    if order.state == "placed" and not order.paid and session.execute(hope).first() is None:
        orders.cancel(session, number, actor=ACTOR, note="It was not paid in time.")


def _refunded(session: Session, provider: str, number: str, about: dict[str, Any]) -> None:
    """A refund counts once, whoever asked for it, and no more once it has failed, whichever is told first."""
    name, amount = str(about["id"]), int(about["amount"])
    new = attempts.mark_handled(session, provider, f"refund:{name}", "refund")
    if about.get("status") not in _LOST:
        if new:
            orders.record_refund(session, number, amount, actor=ACTOR, note=name)
    elif attempts.mark_handled(session, provider, f"lost:{name}", "refund.failed"):
        if new:
            orders.add_note(
                session, number, f"The refund {name} failed; it had not been counted.", actor=ACTOR
            )
        else:
            orders.record_failed_refund(session, number, amount, actor=ACTOR, note=name)
