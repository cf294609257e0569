"""A bare transaction with the row changes of an order, by SQLAlchemy Core and by the driver."""

from __future__ import annotations

import secrets
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import insert, select, text

from storefront.cart import Cart, CartLine
from storefront.catalog.models import Product, Variant
from storefront.checkout import drafts
from storefront.checkout.models import Checkout, Hold, new_number
from storefront.extensions import db, write_transaction
from storefront.stock import StockItem, StockMovement

ADDRESS = '{"name":"Ada Byron","line1":"1 Kiln Row","city":"Springfield","postcode":"62701","country":"US"}'
NEWS = '{"product_id":1,"stock":7,"timestamp":1.5,"sku":"A","sku_stock":3,"band":"low","version":57}'

# The changes that place_order makes for one held line, in the same sequence, by as few statements as possible.
CHANGES = [
    """INSERT INTO customer_order (number, key, request_digest, email, state, currency, goods, delivery_price, tax,
       total, prices_include_tax, taxes, ship_to, delivery, payment, paid, refunded, placed_at, access)
       VALUES (:number, :key, :key, 'ada@shop.example', 'placed', 'USD', 1999, 490, 0, 2489, :yes, '[]', :address,
       'Standard delivery', 'invoice', 0, 0, :now, :access) RETURNING id""",
    """INSERT INTO order_line (order_id, sku, title, options, quantity, unit_price, tax_rate, tax, total, from_stock,
       returned) VALUES (:order_id, :sku, 'Teapot', '', 1, 1999, 0, 0, 1999, 1, 0)""",
    "DELETE FROM cart_line WHERE cart_id = :cart_id AND sku = :sku",
    "DELETE FROM hold WHERE checkout_id = :checkout_id",
    "UPDATE checkout SET key = :access, updated_at = :now WHERE id = :checkout_id",
    """INSERT INTO order_event (order_id, at, actor, kind, amount, note)
       VALUES (:order_id, :now, 'customer', 'placed', 2489, '')""",
    """INSERT INTO letter (id, recipient, message, attempts, created_at, due_at)
       VALUES (:letter, 'ada@shop.example', :news, 0, :now, :now)""",
    """UPDATE stock_item SET on_hand = on_hand - 1, reserved = reserved - 1, version = version + 1
       WHERE sku = :sku AND on_hand >= 1 AND reserved >= 1""",
    """INSERT INTO stock_movement (sku, kind, quantity, reserved, reason, actor, reference, at)
       VALUES (:sku, 'sold', -1, -1, '', 'checkout', :number, :now)""",
    """INSERT INTO outbox (id, topic, payload, created_at)
       VALUES (:first, 'api.order', :news, :now), (:second, 'stock.changed', :news, :now)""",
    "DELETE FROM outbox WHERE id IN (:earlier, :earliest)",
]


@dataclass(frozen=True, slots=True)
class Basket:
    """A basket with one held line."""

    checkout_id: int
    cart_id: int
    sku: str
    seen: str


def create_products(prefix: str, skus: int, goods: int) -> None:
    """Create `skus` products with `goods` of each in stock."""
    with write_transaction() as session:
        for number in range(skus):
            product = Product(slug=f"{prefix}{number}", title="Teapot", status="active")
            product.variants.append(Variant(sku=f"{prefix}{number}", price=1999))
            session.add(product)
            session.flush()
            item = {
                "sku": f"{prefix}{number}",
                "variant_id": product.variants[0].id,
                "product_id": product.id,
            }
            session.add(StockItem(**item, on_hand=goods))


def create_baskets(prefix: str, skus: int, number: int) -> list[Basket]:
    """Create `number` baskets of one held line each; the SKUs take turns."""
    until = datetime.now(UTC) + timedelta(minutes=30)
    made = []
    with write_transaction() as session:
        for place in range(number):
            sku = f"{prefix}{place % skus}"
            cart = Cart(token=secrets.token_urlsafe(24))
            session.add(cart)
            session.flush()
            draft = Checkout(
                cart_id=cart.id,
                email="ada@shop.example",
                address={"country": "US"},
                delivery="standard",
                payment="invoice",
            )
            session.add_all([draft, CartLine(cart_id=cart.id, sku=sku, quantity=1, price_seen=1999)])
            session.flush()
            seen = drafts.build_review(session, draft).digest
            made.append(Basket(draft.id, cart.id, sku, seen))
        session.execute(
            insert(Hold),
            [{"checkout_id": b.checkout_id, "sku": b.sku, "quantity": 1, "expires_at": until} for b in made],
        )
        session.execute(
            insert(StockMovement), [{"sku": basket.sku, "kind": "held", "reserved": 1} for basket in made]
        )
        items = session.execute(select(StockItem).where(StockItem.sku.in_({b.sku for b in made}))).scalars()
        for item in items:
            item.reserved += sum(basket.sku == item.sku for basket in made)
    return made


def place_with_core(found: list[Basket]) -> None:
    """Make the changes with SQLAlchemy Core and the shop's own engine."""
    statements = [text(change) for change in CHANGES]
    engine = db.engine.execution_options(sqlite_begin="IMMEDIATE")
    before = ("", "")
    for basket in found:
        values = _values(basket, before)
        with engine.begin() as connection:
            values["order_id"] = connection.execute(statements[0], values).scalar_one()
            for statement in statements[1:]:
                connection.execute(statement, values)
        before = (values["first"], values["second"])


def place_with_driver(found: list[Basket]) -> None:
    """Make the changes with the driver alone."""
    sqlite = db.engine.dialect.name == "sqlite"
    changes = CHANGES if sqlite else [_pyformat(change) for change in CHANGES]
    with db.engine.connect() as pooled:
        connection: Any = pooled.connection.driver_connection
        before = ("", "")
        for basket in found:
            values = _values(basket, before)
            if sqlite:
                values["now"] = str(values["now"])
            cursor = connection.cursor()
            if sqlite:
                cursor.execute("BEGIN IMMEDIATE")
            values["order_id"] = cursor.execute(changes[0], values).fetchone()[0]
            for change in changes[1:]:
                cursor.execute(change, values)
            connection.commit()
            before = (values["first"], values["second"])


def _pyformat(change: str) -> str:
    words = change.replace("\n", " ").split(":")
    return words[0] + "".join(f"%({_name(word)})s{word[len(_name(word)) :]}" for word in words[1:])


def _name(word: str) -> str:
    end = next(
        (place for place, letter in enumerate(word) if not (letter.isalpha() or letter == "_")), len(word)
    )
    return word[:end]


def _values(basket: Basket, before: tuple[str, str]) -> dict[str, Any]:
    return {
        "checkout_id": basket.checkout_id,
        "cart_id": basket.cart_id,
        "sku": basket.sku,
        "number": new_number(),
        "key": secrets.token_hex(32),
        "access": secrets.token_hex(16),
        "address": ADDRESS,
        "news": NEWS,
        "yes": True,
        "now": datetime.now(UTC),
        "first": uuid.uuid4().hex,
        "second": uuid.uuid4().hex,
        "letter": uuid.uuid4().hex,
        "earlier": before[0],
        "earliest": before[1],
    }
