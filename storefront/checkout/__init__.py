"""Checkout: holds while a shopper pays, orders that are placed once per click, payment, and their pages and mails.

docs/checkout.md describes how an order is placed, and why nothing is sold twice.
"""

from __future__ import annotations

from collections.abc import Sequence

from flask import Flask
from sqlalchemy import func, select

from storefront import accounts, catalog, change_sets, i18n, shop_settings, stock
from storefront.cart import queries as cart_queries
from storefront.checkout import (
    best_sellers,
    holds,
    merchant_letter,
    messages,
    new_address_letter,
    order_events,
    order_letters,
    orders,
    place_order,
    queries,
    retention,
    shipping,
    term_texts,
    terms,
)
from storefront.checkout import cli as terms_cli
from storefront.checkout.errors import EmptyBasketError, ShortageError
from storefront.checkout.models import Checkout, Hold, Order, OrderEvent, OrderLine
from storefront.checkout.order_files import cli, customer_purchases
from storefront.checkout.pages import checkout, order, order_lookup
from storefront.checkout.payment import cancellation, events, invoice_expiry, refunds
from storefront.i18n import lazy_gettext
from storefront.money import Money

__all__ = [
    "Checkout",
    "EmptyBasketError",
    "Hold",
    "Order",
    "OrderEvent",
    "OrderLine",
    "ShortageError",
    "init_app",
    "order_events",
    "orders",
    "place_order",
    "shipping",
]


def init_app(app: Flask) -> None:
    """Prepare the terms of sale, register the pages, and connect the checkout to the other rooms.

    Raises:
        ConfigurationError: Stripe's settings are not valid; the text says why.
    """
    terms.init_app(app)
    for blueprint in (checkout.bp, order_lookup.bp, order.bp, order.history_bp, events.bp):
        app.register_blueprint(blueprint)
    app.cli.add_command(cli.orders)
    app.cli.add_command(terms_cli.checkout)
    app.add_template_filter(_minor, "minor")
    app.add_template_filter(_field_amount, "field_amount")
    app.jinja_env.globals["checkout_problems"] = lambda: terms.current_terms().problems
    app.jinja_env.globals["tax_rules"] = lambda: terms.current_terms().tax
    catalog.delivery_sentences.register(app, _delivery_sentences)
    accounts.add_page(app, "history.history", lazy_gettext("Orders"))
    accounts.add_export(app, "orders", queries.export_orders)
    stock.held_quantities.register(app, lambda: select(Hold.sku, func.sum(Hold.quantity)).group_by(Hold.sku))
    cart_queries.held_for.register(app, holds.held_for_cart)
    change_sets.used_codes.register(app, lambda: select(Hold.sku))
    change_sets.used_codes.register(app, lambda: select(OrderLine.sku))
    for module in (
        best_sellers,
        customer_purchases,
        messages,
        merchant_letter,
        new_address_letter,
        order_letters,
        term_texts,
        refunds,
        cancellation,
        invoice_expiry,
        retention,
    ):
        module.init_app(app)


def _minor(amount: int, currency: str) -> str:
    """Return an amount in minor units of a currency as the shop's locale writes it."""
    return Money(amount, currency).format(i18n.shop_locale())


def _field_amount(money: Money) -> str:
    """Return an amount as people type it into a form of this shop: "52,90"."""
    return money.format_plain(i18n.shop_locale())


def _delivery_sentences() -> Sequence[str]:
    """Return a sentence about each delivery method, for the pages of products."""
    currency, locale = shop_settings.current().currency, i18n.shop_locale()
    return [method.describe(currency, locale) for method in terms.current_terms().delivery_methods]
