"""Makes drafts, holds and orders for tests, and reads the stock."""

from __future__ import annotations

import secrets
from typing import Any

from sqlalchemy import func, select

from storefront.cart import Cart, CartLine
from storefront.checkout import drafts, holds, queries
from storefront.checkout.models import Checkout, Order
from storefront.checkout.order_view import OrderView
from storefront.checkout.place_order import PlacedOrder, place_order
from storefront.extensions import db, write_transaction
from storefront.stock import StockItem, audit

ADDRESS = {
    "name": "Ada Byron",
    "line1": "1 Kiln Row",
    "city": "Springfield",
    "region": "IL",
    "postcode": "62701",
    "country": "US",
}


def make_draft(wanted: dict[str, int], *, saved: dict[str, int] | None = None, **details: Any) -> int:
    """Return the id of a complete draft of a new basket with these quantities by SKU."""
    with write_transaction() as session:
        cart = Cart(token=secrets.token_urlsafe(24))
        session.add(cart)
        session.flush()
        for quantities, aside in ((wanted, False), (saved or {}, True)):
            for sku, quantity in quantities.items():
                session.add(CartLine(cart_id=cart.id, sku=sku, quantity=quantity, price_seen=0, saved=aside))
        given: dict[str, Any] = {
            "email": "ada@shop.example",
            "address": ADDRESS,
            "delivery": "standard",
            "payment": "invoice",
        }
        draft = Checkout(cart_id=cart.id, **given | details)
        session.add(draft)
        session.flush()
        return draft.id


def hold(checkout_id: int, client: str | None = None) -> holds.HoldStatus:
    """Hold the items of a draft for a client, as the checkout's form does."""
    return holds.reserve(checkout_id, client)


def current_digest(checkout_id: int) -> str:
    """Return the digest that the review page would show now."""
    db.session.rollback()
    return drafts.build_review(db.session(), db.session.get_one(Checkout, checkout_id)).digest


def place(checkout_id: int, key: str = "a key of good length", *, client: str | None = None) -> PlacedOrder:
    """Place the order of a draft with the current digest."""
    return place_order(checkout_id, key, current_digest(checkout_id), client)


def stored_order(number: str) -> OrderView:
    """Return an order as it is stored now."""
    db.session.rollback()
    found = queries.find_order(number)
    assert found is not None
    return found


def stock_level(sku: str) -> tuple[int, int]:
    """Return the quantities on hand and reserved."""
    db.session.rollback()
    row = db.session.execute(select(StockItem.on_hand, StockItem.reserved).where(StockItem.sku == sku)).one()
    return row.on_hand, row.reserved


def count_orders() -> int:
    """Return the number of orders."""
    db.session.rollback()
    return db.session.execute(select(func.count(Order.id))).scalar_one()


def stock_differences() -> list[audit.Difference]:
    """Return the differences that the stock audit finds."""
    db.session.rollback()
    return audit.find_differences(db.session())
