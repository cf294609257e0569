"""The visitor's draft, and what of their basket is to be bought."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import msgspec
from flask import current_app
from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from storefront.cart import CartLine
from storefront.cart import queries as cart_queries
from storefront.catalog.models import Product, Variant
from storefront.checkout.delivery import DeliveryMethod
from storefront.checkout.errors import EmptyBasketError, Shortage
from storefront.checkout.models import Checkout
from storefront.checkout.totals import LineItem, Totals, compute_totals
from storefront.extensions import connection_of, db
from storefront.stock import StockItem

# Built once, and sent past the mapper: it is read for every page of the checkout and by every click.
_BASKET = (
    select(
        CartLine.sku, CartLine.quantity, Variant.price, Variant.backorder, Product.title, Product.status,
        Variant.option1, Variant.option2, Variant.option3, StockItem.tracked,
        (StockItem.on_hand - StockItem.reserved).label("available"),
    )
    .outerjoin(Variant, Variant.sku == CartLine.sku)
    .outerjoin(Product, Product.id == Variant.product_id)
    .outerjoin(StockItem, StockItem.sku == CartLine.sku)
    .where(CartLine.cart_id == bindparam("cart"), ~CartLine.saved)
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class CheckoutLine:
    """A line of the basket that is to be bought. `counted`: stock decides whether it can be."""

    item: LineItem
    tracked: bool
    backorder: bool
    available: int  # not reserved by anybody; 0 where nothing is counted

    @property
    def sku(self) -> str:
        """What is bought."""
        return self.item.sku

    def shortage(self, available: int) -> Shortage:
        """Return the facts for the shopper if only so many are available."""
        return Shortage(self.sku, self.item.title, self.item.quantity, max(0, available))


@dataclass(frozen=True, slots=True)
class OrderReview:
    """All that a shopper agrees to by one click. `gone`: titles of lines that are not in the shop any more."""

    checkout: Checkout
    lines: tuple[CheckoutLine, ...]
    totals: Totals
    delivery: DeliveryMethod | None
    gone: tuple[str, ...] = field(default=())

    @property
    def digest(self) -> str:
        """What stands for it in the form: it changes with anything that the page shows."""
        draft = self.checkout
        shown = (draft.email, draft.address, draft.bill_to, draft.delivery, draft.payment, self.totals.digest)
        return hashlib.sha256(msgspec.json.encode(shown, order="deterministic")).hexdigest()


def current_draft() -> Checkout | None:
    """Return this visitor's draft, if there is one."""
    cart_id = cart_queries.current_cart_id()
    if cart_id is None:
        return None
    return db.session.execute(select(Checkout).where(Checkout.cart_id == cart_id)).scalar_one_or_none()


def save_draft(session: Session, **details: Any) -> Checkout:
    """Write these details (columns of Checkout) into this visitor's draft, made if need be; return it.

    Raises:
        EmptyBasketError: there is no basket that it could be for.
    """
    cart_id = cart_queries.current_cart_id()
    if cart_id is None:
        raise EmptyBasketError
    draft = session.execute(
        select(Checkout).where(Checkout.cart_id == cart_id).with_for_update()
    ).scalar_one_or_none()
    if draft is None:
        draft = Checkout(cart_id=cart_id)
        session.add(draft)
    for name, value in details.items():
        setattr(draft, name, value)
    draft.updated_at = datetime.now(UTC)
    session.flush()
    return draft


def build_review(session: Session, draft: Checkout) -> OrderReview:
    """Return what this draft comes to now."""
    lines, gone = read_basket(session, draft.cart_id)
    method = delivery_method(draft.delivery)
    counted = compute_totals([line.item for line in lines], method, draft.address)
    return OrderReview(draft, tuple(lines), counted, method, tuple(gone))


def delivery_methods(country: str = "") -> list[DeliveryMethod]:
    """Return the methods that go to a country; all of them if none is named."""
    methods: Sequence[DeliveryMethod] = current_app.extensions["checkout_delivery"]
    return [method for method in methods if not country or method.serves(country)]


def delivery_method(code: str) -> DeliveryMethod | None:
    """Return the method with this code."""
    return next((method for method in delivery_methods() if method.code == code), None)


def read_basket(session: Session, cart_id: int | None) -> tuple[list[CheckoutLine], list[str]]:
    """Return a basket's lines in SKU order, without those saved for later, and titles that have left the shop."""
    rows = connection_of(session).execute(_BASKET, {"cart": cart_id})
    lines, gone = [], []
    for row in rows:
        if row.price is None or row.status != "active":
            gone.append(row.title or row.sku)
            continue
        options = " / ".join(filter(None, (row.option1, row.option2, row.option3)))
        wanted = LineItem(row.sku, row.title, options, row.quantity, row.price)
        lines.append(CheckoutLine(wanted, row.tracked is not False, bool(row.backorder), row.available or 0))
    return sorted(lines, key=lambda line: line.sku), gone
