"""A generated shop with one of everything that the back office lists, and a tenth as many orders as products."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

from flask import Flask
from sqlalchemy import func, select, text

from benchmarks import half_collection, shops
from storefront.accounts.models import User
from storefront.app import create_app
from storefront.catalog.collection.models import Collection
from storefront.catalog.models import Product, Variant
from storefront.change_sets import bulk_edits
from storefront.change_sets.edits import plan_edits
from storefront.change_sets.models import ChangeSet
from storefront.checkout.models import Order
from storefront.extensions import db, write_transaction
from storefront.stock.stock_taking import open_taking
from storefront.stock.stock_taking_models import StockTaking

MAIL = "ada7@shop.example"
EXAMPLE = 33  # a product that is sold out: what is searched by its vendor, type or word exists in the small shop, too
_ORDER = """
    INSERT INTO customer_order (number, key, request_digest, email, state, currency, goods, delivery_price, tax,
        total, prices_include_tax, taxes, ship_to, delivery, payment, paid, refunded, placed_at, access)
    VALUES (:number, :number, '', :email, :state, 'USD', 1999, 490, 0, 2489, true, '[]',
        '{"name":"Ada Byron","line1":"1 Kiln Row","city":"Springfield","postcode":"62701","country":"US"}',
        'Standard delivery', 'invoice', 0, 0, :at, :number)
"""
_CHANGE = """
    INSERT INTO recorded_change (at, actor, actor_kind, kind, row_id, product_id, name, action, fields, tags)
    VALUES (:at, 'staff:1', 'staff', 'product', :id, :id, 'a product', 'update', '{"title": ["A", "B"]}', '[]')
"""
_CUSTOMER = """
    INSERT INTO user_account (email, password_hash, name, is_staff, generation, created_at)
    VALUES (:email, '', 'Ada Byron', false, 1, :at)
"""
_COUNTED = """
    INSERT INTO stock_taking_line (taking_id, sku, expected, counted)
    SELECT :taking, sku, on_hand, on_hand + CASE WHEN id % 10 = 0 THEN 1 ELSE 0 END
    FROM stock_item WHERE id <= 2000
"""
# Of ten products one is a draft and one archived; of a hundred two have no description. The 208th is sold out, so
# that even a small shop has one of that kind.
_HIDDEN = (
    "UPDATE product SET status = CASE id % 10 WHEN 0 THEN 'draft' ELSE 'archived' END WHERE id % 10 IN (0, 5)",
    "UPDATE product SET description_html = '' WHERE id % 100 IN (7, 8)",
    "DELETE FROM listing WHERE product_id % 10 IN (0, 5)",
)
# The documents of hidden products have negative keys.
_HIDE_DOCUMENTS = {
    "sqlite": (
        "INSERT INTO product_search (rowid, title, body) "
        "SELECT -rowid, title, body FROM product_search WHERE rowid % 10 IN (0, 5)",
        "DELETE FROM product_search WHERE rowid > 0 AND rowid % 10 IN (0, 5)",
    ),
    "postgresql": ("UPDATE product_search SET product_id = -product_id WHERE product_id % 10 IN (0, 5)",),
}


def make(instance: Path, products: int, **settings: str) -> Flask:
    """Return a shop of this size; it is filled unless it is there already.

    Args:
        instance: its directory.
        products: how many it has.
        settings: of its database, if that is not a file in this directory.
    """
    instance.mkdir(parents=True, exist_ok=True)
    shops.command(instance, "db", "upgrade", **settings)
    variables = shops.environ(instance) | {"STOREFRONT_LIMITS": "off", "STOREFRONT_CACHE": "off"} | settings
    app = create_app(variables, instance=instance)
    with app.app_context():
        is_new = db.session.scalar(select(func.count(Product.id)).where(Product.id < 10)) == 0
        db.session.rollback()
        if is_new:
            generating = ("demo", "--products", str(products), "--seed", "1", "--no-pictures")
            shops.command(instance, *generating, **settings)
            _hide()
            _add_orders(products // 10)
        if db.session.scalar(select(func.count(StockTaking.id))) == 0:
            db.session.rollback()
            _add_work(products // 100)
        db.session.rollback()
    return app


def describe() -> dict[str, str | int]:
    """Return what paths of pages name: a product and what describes it, an order, a customer, and so on."""
    columns = (
        Product.id,
        Product.vendor,
        Product.product_type,
        Product.category_id,
        Product.tags,
        Product.title,
    )
    row = db.session.execute(
        select(*columns, Variant.sku)
        .join(Variant, Variant.product_id == Product.id)
        .where(Product.id == EXAMPLE)
        .order_by(Variant.id)
        .limit(1)
    ).one()
    return {
        "id": row.id,
        "vendor": row.vendor,
        "type": row.product_type,
        "category": row.category_id,
        "tag": row.tags[0],
        "word": row.title.split()[-1],
        "sku": row.sku,
        "mail": MAIL,
        "customer": db.session.scalars(select(User.id).where(User.email == MAIL)).one(),
        "order": db.session.scalars(select(Order.number).where(Order.email == MAIL).limit(1)).one(),
        "taking": db.session.scalars(select(StockTaking.id)).one(),
        "change_set": db.session.scalars(select(ChangeSet.id)).one(),
        "collection": db.session.scalars(select(Collection.id)).one(),
    }


def _hide() -> None:
    with write_transaction() as session:
        connection = session.connection()
        for statement in (*_HIDDEN, *_HIDE_DOCUMENTS[connection.dialect.name]):
            connection.execute(text(statement))


def _add_orders(number: int) -> None:
    """Add orders of a year, as many customers and changes of products."""
    now = datetime.now(UTC)
    states = ("placed", "paid", "shipped", "delivered")
    orders = [
        {
            "number": f"B{n:08d}",
            "email": f"ada{n % 5000}@shop.example",
            "state": states[n % 4],
            "at": now - timedelta(hours=n % 8760),
        }
        for n in range(number)
    ]
    with write_transaction() as session:
        connection = session.connection()
        connection.execute(text(_ORDER), orders)
        connection.execute(
            text(_CUSTOMER), [{"email": f"ada{n}@shop.example", "at": now} for n in range(number)]
        )
        connection.execute(text(_CHANGE), [{"at": now, "id": n + 1} for n in range(number)])


def _add_work(products: int) -> None:
    """Add a change set of so many products, a stock-taking, and a collection.

    The stock-taking has 2,000 lines in any shop, of which one of ten differs.
    """
    ids = db.session.scalars(select(Product.id).order_by(Product.id).limit(products)).all()
    db.session.rollback()
    plan_edits(ids, bulk_edits.change_prices(Decimal(-10), step=1, ending=0), name="Sale")
    half_collection.make()
    with write_transaction() as session:
        session.execute(text(_COUNTED), {"taking": open_taking(session, "Cellar")})
