"""Verbs on the basket: add, set, set aside, remove, merge. Each is one short transaction."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from flask import Flask, current_app
from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from storefront.cart import cookie, queries
from storefront.cart.models import Cart, CartLine
from storefront.catalog.models import Product, Variant
from storefront.errors import StorefrontError
from storefront.extensions import writing
from storefront.stock import StockItem

MOST = 99  # of one variant
MOST_LINES = 100
# What a room above does when a basket goes into another, inside the same transaction: the ids of both.
Merged = Callable[[Session, int, int], None]


class CartError(StorefrontError):
    """The basket cannot be changed like that; the text says why."""

    status = 422


def add(sku: str, quantity: int) -> str:
    """Put a variant into this visitor's basket; return its product's title. At most three statements.

    Raises:
        CartError: it cannot be bought, or there is less of it, or the basket is full.
    """
    with writing() as session:
        variant, title, cart_id, lines, available = _wanted(session, sku)
        if available is not None and quantity > available:
            raise CartError(
                f"Only {available} of {title} are left." if available else f"{title} is sold out."
            )
        if cart_id is None:
            cart = {"token": cookie.give(), "created_at": _now(), "updated_at": _now()}
            cart_id = session.execute(insert(Cart).values(cart).returning(Cart.id)).scalar_one()
        elif lines >= MOST_LINES:
            raise CartError(f"A basket holds {MOST_LINES} different things. Buy some of them first.")
        row = {
            "cart_id": cart_id,
            "sku": sku,
            "quantity": quantity,
            "price_seen": variant.price,
            "saved": False,
        }
        new = _insert(session)(CartLine).values(row | {"added_at": _now()})
        more = _least(session)(CartLine.quantity + new.excluded.quantity, MOST)
        session.execute(
            new.on_conflict_do_update(
                index_elements=["cart_id", "sku"],
                set_={"quantity": more, "price_seen": new.excluded.price_seen, "saved": False},
            )
        )
    return title


def set_quantity(sku: str, quantity: int) -> None:
    """Make a line's quantity this; its price counts as seen."""
    _change(sku, quantity=quantity)


def set_aside(sku: str, *, saved: bool) -> None:
    """Keep a line for later, or take it back into the basket."""
    _change(sku, saved=saved)


def remove(sku: str) -> None:
    """Take a line out. What is not there is no mistake: somebody clicked twice."""
    with writing() as session:
        session.execute(delete(CartLine).where(CartLine.cart_id == queries.current_id(), CartLine.sku == sku))


def merge(user_id: int) -> int:
    """Make the visitor's basket the account's, with what that held already: the larger quantity of each line wins.

    Returns:
        How many lines came from the account's earlier basket.
    """
    with writing() as session:
        token = cookie.token()
        mine = (
            session.execute(select(Cart).where(Cart.token == token)).scalar_one_or_none() if token else None
        )
        theirs = session.execute(select(Cart).where(Cart.user_id == user_id)).scalar_one_or_none()
        if mine is not None and mine.user_id not in (None, user_id):
            mine = None  # somebody else was signed in here: their basket is theirs
        if theirs is None:
            if mine is not None:
                mine.user_id = user_id
            elif token:
                cookie.forget()
            return 0
        cookie.give(theirs.token)
        if mine is None or mine.id == theirs.id:
            return 0
        earlier = _move_lines(session, mine, theirs)
        listener: Merged
        for listener in current_app.extensions.get("cart_merged", ()):
            listener(session, mine.id, theirs.id)
        session.delete(mine)
        return earlier


def on_merge(app: Flask, listener: Merged) -> None:
    """Call this when a basket goes into another, with the session, the id of the one that goes, and the other's."""
    app.extensions.setdefault("cart_merged", []).append(listener)


def _move_lines(session: Session, mine: Cart, theirs: Cart) -> int:
    """Move lines into the account's basket; return how many that had of its own."""
    found = (
        session.execute(select(CartLine).where(CartLine.cart_id.in_([mine.id, theirs.id]))).scalars().all()
    )
    held = {line.sku: line for line in found if line.cart_id == theirs.id}
    earlier = len(held)
    for line in found:
        if line.cart_id == theirs.id:
            continue
        if (other := held.get(line.sku)) is None:
            line.cart_id = theirs.id
        else:
            other.quantity, other.saved = max(other.quantity, line.quantity), other.saved and line.saved
            session.delete(line)
    session.flush()
    return earlier


def _wanted(session: Session, sku: str) -> tuple[Variant, str, int | None, int, int | None]:
    """Return the variant, its title, this visitor's cart, its number of lines, and what is left (None: no end)."""
    mine = Cart.token == cookie.token()
    cart_id = select(Cart.id).where(mine).scalar_subquery()
    owner = select(Cart.user_id).where(mine).scalar_subquery()
    lines = (
        select(func.count())
        .where(CartLine.cart_id == cart_id, CartLine.sku != sku)
        .correlate(None)
        .scalar_subquery()
    )
    row = session.execute(
        select(
            Variant,
            Product.title,
            Product.status,
            StockItem,
            cart_id.label("cart"),
            owner.label("owner"),
            lines.label("lines"),
        )
        .join(Product, Product.id == Variant.product_id)
        .outerjoin(StockItem, StockItem.variant_id == Variant.id)
        .where(Variant.sku == sku)
    ).one_or_none()
    if row is None or row.status != "active":
        raise CartError("There is nothing with that number in the shop.")
    item = row.StockItem
    endless = row.Variant.backorder or (item is not None and not item.tracked)
    available = None if endless else max(0, item.available) if item is not None else 0
    own_cart = row.cart if queries.is_mine(row.owner) else None
    return row.Variant, row.title, own_cart, row.lines, available


def _change(sku: str, **values: object) -> None:
    with writing() as session:
        now = select(Variant.price).where(Variant.sku == sku).scalar_subquery()
        changed = session.execute(
            update(CartLine)
            .where(CartLine.cart_id == queries.current_id(), CartLine.sku == sku)
            .values(price_seen=func.coalesce(now, CartLine.price_seen), **values)
            .execution_options(synchronize_session=False)
        )
        if not changed.rowcount:  # type: ignore[attr-defined]
            raise CartError("That is not in your basket any more.")


def _insert(session: Session) -> Any:
    return sqlite.insert if session.connection().dialect.name == "sqlite" else postgresql.insert


def _least(session: Session) -> Any:
    return func.min if session.connection().dialect.name == "sqlite" else func.least


def _now() -> datetime:
    return datetime.now(UTC)
