"""A generated shop with what the back office lists: drafts, orders, customers and a history."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from flask import Flask
from sqlalchemy import select, text

from benchmarks import shops
from storefront.app import create_app
from storefront.catalog.models import Product, Variant
from storefront.extensions import db, write_transaction

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
# Of ten products one is a draft and one archived; of a hundred one has no description.
_HIDDEN = (
    "UPDATE product SET status = CASE id % 10 WHEN 0 THEN 'draft' ELSE 'archived' END WHERE id % 10 IN (0, 5)",
    "UPDATE product SET description_html = '' WHERE id % 100 = 7",
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


def make(instance: Path, products: int) -> Flask:
    """Return a shop of this size in a directory; it is filled unless it is there already."""
    variables = shops.environ(instance) | {"STOREFRONT_LIMITS": "off", "STOREFRONT_CACHE": "off"}
    is_new = not (instance / "shop.sqlite3").exists()
    instance.mkdir(parents=True, exist_ok=True)
    shops.command(instance, "db", "upgrade")
    if is_new:
        shops.command(instance, "demo", "--products", str(products), "--seed", "1", "--no-pictures")
    app = create_app(variables, instance=instance)
    if is_new:
        with app.app_context():
            _fill(products)
    return app


def describe() -> dict[str, str | int]:
    """Return what paths of pages name: a product, its vendor, type, category, tag and SKU, a word, and a customer."""
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
        .order_by(Product.id)
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
        "mail": "ada7@shop.example",
    }


def _fill(products: int) -> None:
    now = datetime.now(UTC)
    with write_transaction() as session:
        connection = session.connection()
        for statement in _HIDDEN:
            connection.execute(text(statement))
        for statement in _HIDE_DOCUMENTS[connection.dialect.name]:
            connection.execute(text(statement))
        states = ("placed", "paid", "shipped", "delivered")
        orders = [
            {
                "number": f"B{n:08d}",
                "email": f"ada{n % 5000}@shop.example",
                "state": states[n % 4],
                "at": now - timedelta(hours=n % 8760),
            }
            for n in range(products // 10)
        ]
        connection.execute(text(_ORDER), orders)
        connection.execute(
            text(_CUSTOMER), [{"email": f"ada{n}@shop.example", "at": now} for n in range(products // 10)]
        )
        connection.execute(text(_CHANGE), [{"at": now, "id": n + 1} for n in range(products // 10)])
