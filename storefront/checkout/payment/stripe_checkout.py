"""Stripe Checkout: the shopper pays on Stripe's own page, and Stripe sends signed events (`events.py`).

Every call waits for the network, so no transaction may be open. The functions import Stripe's library: it is a
twentieth of a process's start, and most shops do without it. In one that does not, `StripeCheckout` loads it early.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from flask import current_app

from storefront.checkout.errors import PaymentError
from storefront.checkout.order_view import OrderView
from storefront.checkout.payment import attempts
from storefront.errors import ConfigurationError
from storefront.i18n import gettext as _
from storefront.i18n import lazy_gettext

TIMEOUT = (3.0, 10.0)  # seconds to connect, and to wait for an answer
# How long a payment page is open, in seconds; up to PAGE_LIFETIME_STEP is added. Stripe requires at least 30 minutes.
PAGE_LIFETIME = 31 * 60
# Seconds. A second attempt within the same step sends the identical request, with the same idempotency key.
PAGE_LIFETIME_STEP = 600
# Stripe uses other minor units for these currencies than ISO 4217 (docs.stripe.com/currencies).
UNSUPPORTED_CURRENCIES = {"BHD", "ISK", "JOD", "KWD", "MGA", "OMR", "TND", "UGX"}


class StripeCheckout:
    """Payment by card, and by the other methods that Stripe's page offers."""

    code = "stripe"
    name = lazy_gettext("Card or wallet")
    about = lazy_gettext("You pay securely with our payment provider, Stripe, and then return to the shop.")
    refunds_automatically = True

    def __init__(self, key: str, webhook_secret: str, base: str | None) -> None:
        import stripe

        self.origin = _origin(base) if base else "https://checkout.stripe.com"
        self.webhook_secret = webhook_secret
        addresses: Any = {"api": base} if base else None
        http = stripe.RequestsClient(timeout=TIMEOUT)
        self._client = stripe.StripeClient(
            key, base_addresses=addresses, max_network_retries=1, http_client=http
        )

    def begin(self, order: OrderView, back: str) -> str:
        """Return the URL of Stripe's page for this order: the same page as long as it is open."""
        import stripe

        earlier = attempts.list_attempts(self.code, order.number)
        try:
            if earlier and earlier[-1].state == "pending":
                session = self._sessions.retrieve(earlier[-1].reference)
                if session.status == "open":
                    return str(session.url)
                if session.status == "complete":
                    return ""  # paid; the event has not arrived yet
            # Stripe accepts a key for one request only. Its expiry time is the same within a step, so that a request
            # whose answer was lost creates no second session.
            step = int(time.time()) // PAGE_LIFETIME_STEP
            session = self._sessions.create(
                self._session_values(order, back, until=(step + 1) * PAGE_LIFETIME_STEP + PAGE_LIFETIME),
                {"idempotency_key": f"{order.number}-{len(earlier)}-{step}"},
            )
        except stripe.StripeError as error:
            raise PaymentError(
                _("We couldn’t start the payment. You haven’t been charged. Please try again in a minute.")
            ) from error
        attempts.record_attempt(self.code, session.id, order.number)
        return str(session.url)

    def instructions(self, order: OrderView) -> tuple[str, ...]:  # noqa: ARG002  # of the protocol
        """Return no lines: the page has a button instead."""
        return ()

    def refund(self, order: OrderView, amount: int, key: str) -> str:
        """Refund an amount to the means of payment that was used; return Stripe's id of the refund."""
        import stripe

        paid = [row for row in attempts.list_attempts(self.code, order.number) if row.state == "paid"]
        if not paid:
            raise PaymentError(_("Stripe has no payment for this order that can be refunded."))
        try:
            intent = self._sessions.retrieve(paid[-1].reference).payment_intent
            params: Any = {"payment_intent": intent, "amount": amount, "metadata": {"order": order.number}}
            return str(self._client.v1.refunds.create(params, {"idempotency_key": key}).id)
        except stripe.IdempotencyError as error:
            raise PaymentError(
                _(
                    "You already sent this form with another amount, which Stripe may have refunded. Open the order "
                    "again, and check its log and Stripe’s dashboard before you refund more."
                )
            ) from error
        except stripe.StripeError as error:
            if not error.user_message:  # it may have made the refund: the key lets it be made only once
                raise PaymentError(_("Stripe didn’t answer. Trying again never refunds twice.")) from error
            raise PaymentError(
                _(
                    "Stripe didn’t make the refund (%(reason)s). Nothing was changed.",
                    reason=error.user_message,
                )
            ) from error

    def abandon(self, order: OrderView) -> bool:
        """Close Stripe's page, if one is open; return False if the order was paid there or still can be."""
        return all(
            self._close(attempt.reference)
            for attempt in attempts.list_attempts(self.code, order.number)
            if attempt.state == "pending"
        )

    def order_of(self, intent: str) -> str:
        """Return the number of the order that a payment was for; empty if it is not an order of this shop.

        Raises:
            PaymentError: Stripe cannot be asked now.
        """
        import stripe

        try:
            sessions = self._sessions.list({"payment_intent": intent, "limit": 1}).data
        except stripe.StripeError as error:
            raise PaymentError(_("This payment can’t be looked up at Stripe right now.")) from error
        return (sessions[0].client_reference_id or "") if sessions else ""

    def _close(self, reference: str) -> bool:
        import stripe

        try:
            session = self._sessions.retrieve(reference)
            if session.status == "open":
                session = self._sessions.expire(reference)
        except stripe.StripeError as error:  # unavailable, or paid at this moment: an event will say
            current_app.logger.info("Stripe's page %s was not closed: %s", reference, error)
            return False
        return bool(session.status == "expired")

    @property
    def _sessions(self) -> Any:
        return self._client.v1.checkout.sessions

    def _session_values(self, order: OrderView, back: str, *, until: int) -> dict[str, Any]:
        metadata = {"order": order.number}
        lines = [_line_item(line.title, line.unit_price.amount, line.quantity, order) for line in order.lines]
        if order.delivery_price.amount:
            lines.append(_line_item(order.delivery, order.delivery_price.amount, 1, order))
        if order.tax.amount and not order.prices_include_tax:
            lines.append(_line_item(_("Tax"), order.tax.amount, 1, order))
        return {
            "mode": "payment",
            "client_reference_id": order.number,
            "customer_email": order.email,
            "line_items": lines,
            "success_url": f"{back}&said=paying",
            "cancel_url": back,
            "expires_at": until,
            "metadata": metadata,
            "payment_intent_data": {"metadata": metadata},
        }


def describe_unsupported(currency: str) -> str:
    """Return why Stripe cannot take a currency, in a sentence."""
    return f"Stripe counts {currency} otherwise than this shop does. Unset STOREFRONT_STRIPE_SECRET_KEY."


def create_stripe_checkout(config: Mapping[str, Any]) -> StripeCheckout:
    """Return the provider by its settings.

    Raises:
        ConfigurationError: the settings are not valid; the text says why.
    """
    if not config["STRIPE_WEBHOOK_SECRET"]:
        raise ConfigurationError(
            "STOREFRONT_STRIPE_SECRET_KEY is set without STOREFRONT_STRIPE_WEBHOOK_SECRET: nobody would "
            "tell this shop what has been paid. docs/checkout.md says where to find it."
        )
    given = config["SHOP_SETTINGS"].get("currency", "")
    if given in UNSUPPORTED_CURRENCIES:
        raise ConfigurationError(describe_unsupported(given))
    return StripeCheckout(config["STRIPE_SECRET_KEY"], config["STRIPE_WEBHOOK_SECRET"], config["STRIPE_API"])


def _line_item(name: str, amount: int, quantity: int, order: OrderView) -> dict[str, Any]:
    price = {
        "currency": order.total.currency.lower(),
        "unit_amount": amount,
        "product_data": {"name": name[:250]},
    }
    return {"price_data": price, "quantity": quantity}


def _origin(address: str) -> str:
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc}"
