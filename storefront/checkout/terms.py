"""The terms of sale of an application: tax rules, delivery methods and payment providers, read once at the start."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from flask import Flask, current_app

from storefront.app_state import AppState
from storefront.checkout import delivery, payment, tax
from storefront.checkout.delivery import DeliveryMethod
from storefront.checkout.payment import PaymentProvider
from storefront.checkout.queries import OrderView
from storefront.checkout.tax import TaxRules


@dataclass(frozen=True, slots=True)
class Terms:
    """The terms of sale.

    Attributes:
        tax: the tax rates.
        delivery_methods: in the order in which pages show them.
        providers: the payment providers by code; the first one is the default.
    """

    tax: TaxRules
    delivery_methods: tuple[DeliveryMethod, ...]
    providers: Mapping[str, PaymentProvider]

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


def init_app(app: Flask) -> None:
    """Read the terms of sale from the configuration.

    Raises:
        ConfigurationError: the configuration is not valid; the text says why.
    """
    table = app.config["CHECKOUT"]
    methods = delivery.read_delivery_methods(table, app.config["CURRENCY"])
    _terms.set(app, Terms(tax.read_tax_rules(table), methods, payment.read_providers(app.config)))


def current_terms() -> Terms:
    """Return the terms of sale of the current application."""
    return _terms.get(current_app)
