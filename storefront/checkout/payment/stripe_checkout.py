"""Stripe Checkout: the shopper pays on Stripe's own page, and Stripe tells us by signed messages (`webhooks`).

Nothing here runs inside a transaction: each call waits for a network.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import stripe
from flask import current_app

from storefront.checkout.errors import PaymentError
from storefront.checkout.payment import attempts
from storefront.checkout.queries import OrderView
from storefront.errors import ConfigurationError

TIMEOUT = (3.0, 10.0)  # seconds to connect, and to wait for an answer
OPEN = 31 * 60  # seconds in which it can be paid, and up to a step more; Stripe takes 30 minutes at least
STEP = 600  # seconds; who begins again within the same step sends the very same request
# Stripe counts these otherwise than ISO 4217 does (docs.stripe.com/currencies), so no amount of theirs is trusted.
_OTHERWISE = {"BHD", "ISK", "JOD", "KWD", "MGA", "OMR", "TND", "UGX"}
_AWAY = "The payment could not be begun just now; nothing was charged. Try again in a minute."


class StripeCheckout:
    """Payment by card and whatever else Stripe's page offers."""

    code = "stripe"
    name = "Card or wallet"
    about = "You pay on the page of our payment provider, Stripe, and come back here."
    gives_back = True

    def __init__(self, key: str, webhook_secret: str, base: str | None) -> None:
        self.origin = _origin(base) if base else "https://checkout.stripe.com"
        self.webhook_secret = webhook_secret
        addresses: Any = {"api": base} if base else None
        self._client = stripe.StripeClient(
            key, base_addresses=addresses, max_network_retries=1,
            http_client=stripe.RequestsClient(timeout=TIMEOUT),
        )  # fmt: skip

    def begin(self, order: OrderView, back: str) -> str:
        """Return the address of Stripe's page for this order, the same one as long as it is open."""
        tried = attempts.list_attempts(self.code, order.number)
        try:
            if tried and tried[-1].state == "pending":
                session = self._sessions.retrieve(tried[-1].reference)
                if session.status == "open":
                    return str(session.url)
                if session.status == "complete":
                    return ""  # paid; that has only to be told
            # A key is good for one and the same request: of a session made within a step, lost or not, there is one.
            step = int(time.time()) // STEP
            session = self._sessions.create(
                self._session(order, back, until=(step + 1) * STEP + OPEN),
                {"idempotency_key": f"{order.number}-{len(tried)}-{step}"},
            )
        except stripe.StripeError as error:
            raise PaymentError(_AWAY) from error
        attempts.record_attempt(self.code, session.id, order.number)
        return str(session.url)

    def instructions(self, order: OrderView) -> tuple[str, ...]:  # noqa: ARG002  # the interface's
        """Return nothing: there is a button."""
        return ()

    def refund(self, order: OrderView, amount: int, key: str) -> str:
        """Give money back to where it came from; return Stripe's name of the refund."""
        paid = [row for row in attempts.list_attempts(self.code, order.number) if row.state == "paid"]
        if not paid:
            raise PaymentError("Stripe has no payment of this order that could be refunded.")
        try:
            intent = self._sessions.retrieve(paid[-1].reference).payment_intent
            params: Any = {"payment_intent": intent, "amount": amount, "metadata": {"order": order.number}}
            return str(self._client.v1.refunds.create(params, {"idempotency_key": key}).id)
        except stripe.StripeError as error:
            said = error.user_message or "it did not answer"
            raise PaymentError(
                f"Stripe did not refund it: {said}. Nothing was changed; try again."
            ) from error

    def abandon(self, order: OrderView) -> bool:
        """Close Stripe's page, if one is open; return whether nothing was paid there, and nothing can be."""
        return all(
            self._close(tried.reference)
            for tried in attempts.list_attempts(self.code, order.number)
            if tried.state == "pending"
        )

    def order_of(self, intent: str) -> str:
        """Return the number of the order that a payment was for; empty if it is none of ours."""
        try:
            found = self._sessions.list({"payment_intent": intent, "limit": 1}).data
        except stripe.StripeError as error:
            raise PaymentError("Stripe cannot be asked whose payment this is.") from error
        return (found[0].client_reference_id or "") if found else ""

    def _close(self, reference: str) -> bool:
        try:
            session = self._sessions.retrieve(reference)
            if session.status == "open":
                session = self._sessions.expire(reference)
        except stripe.StripeError as error:  # away, or paid in this very moment: a message says which
            current_app.logger.info("Stripe's page %s was not closed: %s", reference, error)
            return False
        return bool(session.status == "expired")

    @property
    def _sessions(self) -> Any:
        return self._client.v1.checkout.sessions

    def _session(self, order: OrderView, back: str, *, until: int) -> dict[str, Any]:
        about = {"order": order.number}
        lines = [_line(line.title, line.unit_price.amount, line.quantity, order) for line in order.lines]
        if order.delivery_price.amount:
            lines.append(_line(order.delivery, order.delivery_price.amount, 1, order))
        if order.tax.amount and not order.prices_include_tax:
            lines.append(_line("Tax", order.tax.amount, 1, order))
        return {
            "mode": "payment",
            "client_reference_id": order.number,
            "customer_email": order.email,
            "line_items": lines,
            "success_url": f"{back}&said=paying",
            "cancel_url": back,
            "expires_at": until,
            "metadata": about,
            "payment_intent_data": {"metadata": about},
        }


def read_stripe_settings(config: Mapping[str, Any]) -> StripeCheckout:
    """Return the provider as it is configured.

    Raises:
        ConfigurationError: it cannot be used so; the text says why.
    """
    if not config["STRIPE_WEBHOOK_SECRET"]:
        raise ConfigurationError(
            "STOREFRONT_STRIPE_SECRET_KEY is set without STOREFRONT_STRIPE_WEBHOOK_SECRET: nobody would "
            "tell this shop what has been paid. docs/checkout.md says where to find it."
        )
    if config["CURRENCY"] in _OTHERWISE:
        raise ConfigurationError(
            f"Stripe counts {config['CURRENCY']} otherwise than this shop does. Unset STOREFRONT_STRIPE_SECRET_KEY."
        )
    return StripeCheckout(config["STRIPE_SECRET_KEY"], config["STRIPE_WEBHOOK_SECRET"], config["STRIPE_API"])


def _line(name: str, amount: int, quantity: int, order: OrderView) -> dict[str, Any]:
    price = {
        "currency": order.total.currency.lower(),
        "unit_amount": amount,
        "product_data": {"name": name[:250]},
    }
    return {"price_data": price, "quantity": quantity}


def _origin(address: str) -> str:
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc}"
