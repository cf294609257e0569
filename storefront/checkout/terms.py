"""The terms of sale of an application: tax rules, delivery methods and payment providers, read once at the start."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from flask import Flask, current_app

from storefront.app_state import AppState
from storefront.checkout import delivery, payment, tax
from storefront.checkout.delivery import DeliveryMethod
from storefront.checkout.errors import CheckoutClosedError
from storefront.checkout.order_view import OrderView
from storefront.checkout.payment import PaymentProvider, invoice
from storefront.checkout.tax import TaxRules
from storefront.errors import ConfigurationError
from storefront.i18n import DEFAULT_LOCALE


@dataclass(frozen=True, slots=True)
class Terms:
    """The terms of sale.

    Attributes:
        tax: the tax rates.
        delivery_methods: in the order in which pages show them.
        providers: the payment providers by code; the first one is the default.
        problems: sentences about what is missing or wrong, for operators and staff. If there are any, the checkout
            is closed; the rest serves the orders that were placed before.
    """

    tax: TaxRules
    delivery_methods: tuple[DeliveryMethod, ...]
    providers: Mapping[str, PaymentProvider]
    problems: tuple[str, ...] = ()

    @property
    def summary(self) -> str:
        """The terms in a sentence, for operators."""
        methods = ", ".join(method.code for method in self.delivery_methods)
        taxed = ", ".join(sorted(self.tax.countries)) or "no country"
        return f"delivery by {methods}; tax in {taxed}; payment by {', '.join(self.providers)}."

    def methods_to(self, country: str) -> list[DeliveryMethod]:
        """Return the delivery methods that serve a country; all methods if `country` is empty."""
        return [method for method in self.delivery_methods if not country or method.serves(country)]

    def delivery_method(self, code: str) -> DeliveryMethod | None:
        """Return the delivery method with this code."""
        return next((method for method in self.delivery_methods if method.code == code), None)

    def provider_of(self, order: OrderView) -> PaymentProvider | None:
        """Return the payment provider of an order; None if it is no longer offered."""
        return self.providers.get(order.payment)


_terms = AppState[Terms]("checkout.terms")
_NO_TAX = TaxRules(inclusive=True, countries={}, regions={})


def init_app(app: Flask) -> None:
    """Read the terms of sale. If they are not valid, the checkout is closed and the log says why.

    Raises:
        ConfigurationError: Stripe's settings are not valid; the text says why.
    """
    terms = read_terms(app.config, has_demo_terms=app.config["ENV"] != "production")
    _terms.set(app, terms)
    for problem in terms.problems:
        app.logger.error("The checkout is closed: %s", problem)


def read_terms(config: Mapping[str, Any], *, has_demo_terms: bool) -> Terms:
    """Return the terms of sale, with a sentence for each part that is missing or wrong.

    Args:
        config: the application's configuration.
        has_demo_terms: whether invented terms take the place of missing ones; never in production.

    Raises:
        ConfigurationError: Stripe's settings are not valid; the text says why.
    """
    file, by_card = config["CHECKOUT"], payment.read_card_payment(config)
    problems: list[str] = []
    if file.problem:
        problems.append(file.problem)
    elif file.table is None and not has_demo_terms:
        problems.append(
            f"{file.path} is missing: how goods are delivered, taxed and paid. docs/checkout.md shows an example."
        )
    if problems:
        return Terms(_NO_TAX, (), by_card, tuple(problems))
    # Only advice about codes depends on it. The locale that is stored cannot be read at the start.
    table, locale = file.table or {}, config["SHOP_SETTINGS"].get("locale", DEFAULT_LOCALE)
    methods: tuple[DeliveryMethod, ...] = ()
    rules, by_invoice = _NO_TAX, None
    with _collect(problems):
        methods = delivery.read_delivery_methods(
            table, config["CURRENCY"], locale, has_demo_terms=has_demo_terms
        )
    with _collect(problems):
        rules = tax.read_tax_rules(table, locale, has_demo_terms=has_demo_terms)
    with _collect(problems):
        by_invoice = invoice.read_invoice_terms(table, has_demo_terms=has_demo_terms)
        if by_invoice is None and not by_card:
            raise ConfigurationError(
                "checkout.toml: nothing to pay with. Offer [invoice], or set STOREFRONT_STRIPE_SECRET_KEY."
            )
    providers: dict[str, PaymentProvider] = {by_invoice.code: by_invoice} if by_invoice else {}
    return Terms(rules, methods, {**providers, **by_card}, tuple(problems))


def check_open() -> None:
    """Refuse to begin, hold or place anything while the terms of sale are not valid.

    Raises:
        CheckoutClosedError: they are not.
    """
    if current_terms().problems:
        raise CheckoutClosedError


def current_terms() -> Terms:
    """Return the terms of sale of the current application."""
    return _terms.get(current_app)


@contextmanager
def _collect(problems: list[str]) -> Iterator[None]:
    """Add the sentence of a ConfigurationError to the problems."""
    try:
        yield
    except ConfigurationError as error:
        problems.append(str(error))
