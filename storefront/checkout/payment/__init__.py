"""Payment providers behind one interface. No transaction may be open during a call: it may use the network."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from storefront.checkout.order_view import OrderView
from storefront.checkout.payment import stripe_checkout


class PaymentProvider(Protocol):
    """A way to pay.

    Attributes:
        code: the code that orders store.
        name: the name that pages show.
        about: a sentence for the page on which the shopper chooses.
        origin: the origin of the provider's payment page, for the Content-Security-Policy
            (`https://checkout.stripe.com`); empty if it has none.
        refunds_automatically: the provider transfers refunds; otherwise staff have to.
    """

    @property
    def code(self) -> str: ...  # noqa: D102
    @property
    def name(self) -> str: ...  # noqa: D102
    @property
    def about(self) -> str: ...  # noqa: D102
    @property
    def origin(self) -> str: ...  # noqa: D102
    @property
    def refunds_automatically(self) -> bool: ...  # noqa: D102

    def begin(self, order: OrderView, back: str) -> str:
        """Return the URL of the page where the order is paid; empty if the order's own page says how to pay.

        Args:
            order: the order to pay.
            back: the URL of the order's page.

        Raises:
            PaymentError: the payment cannot be begun now.
        """

    def instructions(self, order: OrderView) -> tuple[str, ...]:
        """Return lines that say how to pay."""

    def refund(self, order: OrderView, amount: int, key: str) -> str:
        """Refund an amount, once for each key; return the provider's id of the refund.

        Raises:
            PaymentError: the provider did not refund it.
        """

    def abandon(self, order: OrderView) -> bool:
        """Make sure that the order can no longer be paid; return False if it can be or was paid."""


def read_card_payment(config: Mapping[str, Any]) -> Mapping[str, PaymentProvider]:
    """Return the provider of card payments by its code; nothing if the configuration has no key of Stripe's.

    Raises:
        ConfigurationError: the settings of the provider are not valid; the text says why.
    """
    if not config["STRIPE_SECRET_KEY"]:
        return {}
    by_card = stripe_checkout.create_stripe_checkout(config)
    return {by_card.code: by_card}
