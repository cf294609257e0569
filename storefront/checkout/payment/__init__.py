"""Paying, behind one small interface. A provider never waits for its network inside a transaction."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from flask import Flask, current_app

from storefront.checkout.payment import invoice, stripe_checkout
from storefront.checkout.queries import OrderView

__all__ = ["Provider", "init_app", "offered_providers", "provider_of"]


class Provider(Protocol):
    """A way to pay.

    Attributes:
        code: as orders keep it.
        name: as pages call it.
        about: a sentence about it, where it is chosen.
        origin: of the page that it leads to, as browsers must know it (`https://checkout.stripe.com`); empty if none.
        gives_back: whether it sends refunds by itself; else people have to.
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
    def gives_back(self) -> bool: ...  # noqa: D102

    def begin(self, order: OrderView, back: str) -> str:
        """Return the address where the order is paid; empty if the order's own page says how.

        Args:
            order: to be paid.
            back: the address of its page.
        """

    def instructions(self, order: OrderView) -> tuple[str, ...]:
        """Return lines that say how to pay."""

    def refund(self, order: OrderView, amount: int, key: str) -> str:
        """Give money back, once for each key; return the provider's own name of the refund."""

    def abandon(self, order: OrderView) -> bool:
        """Make sure that an order can no longer be paid; return whether that is so, and it has not been paid."""


def init_app(app: Flask) -> None:
    """Set up the providers that the configuration offers.

    Raises:
        ConfigurationError: one of them cannot be used so; the text says why.
    """
    found: dict[str, Provider] = {}
    if (by_invoice := invoice.read_invoice_terms(app.config["CHECKOUT"])) is not None:
        found[by_invoice.code] = by_invoice
    if app.config["STRIPE_SECRET_KEY"]:
        by_card = stripe_checkout.read_stripe_settings(app.config)
        found[by_card.code] = by_card
    app.extensions["checkout_payment"] = found


def offered_providers() -> Mapping[str, Provider]:
    """Return the providers by code, the first being what is chosen if nobody chooses."""
    found: Mapping[str, Provider] = current_app.extensions["checkout_payment"]
    return found


def provider_of(order: OrderView) -> Provider | None:
    """Return the provider of an order; None if it is not offered any more."""
    return offered_providers().get(order.payment)
