"""Checkout: what is held while somebody pays, orders placed once per click, and what becomes of them.

How an order is placed, and why nothing is sold twice, is written in docs/checkout.md.
"""

from __future__ import annotations

from flask import Flask, current_app
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from storefront import accounts, cart, catalog, stock
from storefront.checkout import (
    delivery,
    holds,
    messages,
    orders,
    payment,
    place_order,
    queries,
    retention,
    tax,
)
from storefront.checkout.errors import EmptyBasketError, ShortageError
from storefront.checkout.models import Checkout, Hold, Order, OrderEvent, OrderLine
from storefront.checkout.pages import checkout, order, staff
from storefront.checkout.payment import events, refunds
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
    "orders",
    "place_order",
]


def init_app(app: Flask) -> None:
    """Read the terms of sale, and tell other rooms what is held and what is kept of people.

    Raises:
        ConfigurationError: the terms cannot be used; the text says why.
    """
    app.extensions["checkout_tax"] = tax.read_tax_rules(app.config["CHECKOUT"])
    app.extensions["checkout_delivery"] = delivery.read_delivery_methods(
        app.config["CHECKOUT"], app.config["CURRENCY"]
    )
    methods = app.extensions["checkout_delivery"]
    catalog.promise(app, *(one.describe(app.config["CURRENCY"], app.config["LOCALE"]) for one in methods))
    payment.init_app(app)
    for blueprint in (checkout.bp, order.bp, order.history_bp, staff.bp, events.bp):
        app.register_blueprint(blueprint)
    app.add_template_filter(_minor, "minor")
    accounts.add_page(app, "history.history", "Orders")
    messages.init_app(app)
    refunds.init_app(app)
    stock.held_quantities.register(app, lambda: select(Hold.sku, func.sum(Hold.quantity)).group_by(Hold.sku))
    cart.merged.register(app, _merge)
    accounts.account_deleted.register(app, _forget)
    accounts.add_export(app, "orders", queries.export_orders)
    retention.init_app(app)


def _minor(amount: int, currency: str) -> str:
    """Return minor units of a currency as the shop's language writes them."""
    return Money(amount, currency).format(current_app.config["LOCALE"])


def _merge(session: Session, gone: int, _into: int) -> None:
    """What a guest held is free again for the account that the basket goes to."""
    draft = session.execute(select(Checkout.id).where(Checkout.cart_id == gone)).scalar_one_or_none()
    if draft is not None:
        holds.release(session, draft)


def _forget(session: Session, user_id: int) -> None:
    """Orders stay, since the law wants receipts kept; whose account they were of is forgotten, and so are drafts."""
    session.execute(update(Order).where(Order.user_id == user_id).values(user_id=None))
    for draft in session.execute(select(Checkout).where(Checkout.user_id == user_id)).scalars().all():
        holds.release(session, draft.id)
        session.delete(draft)
