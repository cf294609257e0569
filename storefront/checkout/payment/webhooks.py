"""What payment providers tell us: believed by its signature alone.

A request that Stripe sends carries neither cookies nor an origin, so the check against forgery from other sites lets
it pass, and stops whatever a browser could be made to send.
"""

from __future__ import annotations

import json
from typing import Any

import stripe
from flask import Blueprint, Response, abort, current_app, jsonify, request

from storefront import rate_limiting
from storefront.checkout.orders import NoSuchOrderError, OrderError
from storefront.checkout.payment import PaymentError, events, offered
from storefront.checkout.payment.stripe_checkout import StripeCheckout

bp = Blueprint("payments", __name__, cli_group=None)


@bp.post("/payments/stripe/events")
@rate_limiting.limit("payment.event")
def stripe_event() -> tuple[Response, int]:
    """A message of Stripe's. What cannot be done yet is refused, and comes again."""
    provider = offered().get("stripe")
    if not isinstance(provider, StripeCheckout):
        abort(404)
    event = _verified(provider)
    kind, about = str(event.get("type")), event.get("data", {}).get("object", {})
    if kind not in events.ABOUT:
        return jsonify(message="That means nothing to this shop."), 200
    try:
        first = events.settle(provider.code, event["id"], kind, _number(provider, about), about)
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
