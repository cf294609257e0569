"""Replays the invoices of a real shop: many shoppers order at once, and negative quantities are returns.

The file has a header with InvoiceNo, StockCode, Description, Quantity and UnitPrice. The stock is a tenth less than
the quantity bought, so that items sell out; a shopper who meets a shortage buys the rest. Quantities are at most 99,
as in a basket. The stock is audited afterwards.
"""

from __future__ import annotations

import csv
import gzip
import os
import secrets
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from tempfile import gettempdir

from flask import Flask
from flask_migrate import upgrade
from sqlalchemy import delete, func, select, update

from benchmarks import shops
from storefront.app import create_app
from storefront.cart import Cart, CartLine
from storefront.catalog.models import Product, Variant
from storefront.checkout import drafts, holds, orders
from storefront.checkout.errors import EmptyBasketError, OrderError, ShortageError
from storefront.checkout.models import Checkout, Hold, Order, OrderLine
from storefront.checkout.place_order import place_order
from storefront.extensions import db, write_transaction
from storefront.stock import StockItem, StockMovement, audit

_SHOP: list[Flask] = []


@dataclass(frozen=True, slots=True)
class Invoice:
    """The quantities of one invoice by SKU (negative: returned), and the prices in minor units."""

    number: str
    lines: dict[str, int]
    prices: dict[str, int]


def read_invoices(file: Path, most: int) -> list[Invoice]:
    """Return the first `most` invoices of a file; all of them if it is 0."""
    found: dict[str, Invoice] = {}
    with (gzip.open if file.suffix == ".gz" else open)(file, "rt", encoding="utf-8", newline="") as text:
        for row in csv.DictReader(text):
            price = int(Decimal(row["UnitPrice"] or 0) * 100)
            if price <= 0 or int(row["Quantity"]) == 0:
                continue
            if row["InvoiceNo"] not in found and 0 < most <= len(found):
                break
            one = found.setdefault(row["InvoiceNo"], Invoice(row["InvoiceNo"], {}, {}))
            sku, quantity = row["StockCode"].upper(), int(row["Quantity"])
            one.lines[sku] = max(-99, min(99, one.lines.get(sku, 0) + quantity))
            one.prices[sku] = price
    return list(found.values())


def environ(url: str, redis: str) -> dict[str, str]:
    """Return the environment variables of a shop on this database."""
    urls = {"DATABASE_URL": url, "REDIS_URL": redis}
    # As in production, mails are rows in a queue. Here no server takes them.
    return shops.environ(Path(gettempdir())) | urls | {"STOREFRONT_SMTP_URL": "smtp://127.0.0.1:9"}


def migrate(url: str, redis: str) -> None:
    """Create the tables."""
    with create_app(environ(url, redis), instance=Path(gettempdir())).app_context():
        upgrade()
        db.engine.dispose()


def start_shop(url: str, redis: str) -> None:
    """Create the shop of this process."""
    _SHOP.append(create_app(environ(url, redis), instance=Path(gettempdir())))


def shop() -> Flask:
    """Return the shop of this process."""
    return _SHOP[0]


def create_stock(url: str, redis: str, found: list[Invoice]) -> None:
    """Create stock of nine tenths of the quantities bought."""
    bought: Counter[str] = Counter()
    prices: dict[str, int] = {}
    for invoice in found:
        prices |= invoice.prices
        for sku, quantity in invoice.lines.items():
            bought[sku] += max(0, quantity)
    with create_app(environ(url, redis), instance=Path(gettempdir())).app_context():
        with write_transaction() as session:
            for sku, price in prices.items():
                product = Product(slug=f"sku-{sku}".lower(), title=sku, status="active")
                product.variants.append(Variant(sku=sku, price=price))
                session.add(product)
                session.flush()
                ids = {"variant_id": product.variants[0].id, "product_id": product.id}
                session.add(StockItem(sku=sku, **ids, on_hand=bought[sku] * 9 // 10))
        db.engine.dispose()


def place(invoice: Invoice) -> Counter[str]:
    """Order and return the quantities of an invoice; return how often each result occurred."""
    results: Counter[str] = Counter()
    with shop().app_context():
        try:
            wanted = {sku: number for sku, number in invoice.lines.items() if number > 0}
            if wanted:
                results[_buy(wanted)] += 1
            for sku, number in invoice.lines.items():
                if number < 0:
                    results[_return_goods(sku, -number)] += 1
        except Exception as error:  # noqa: BLE001  # counted and reported
            results[f"ERROR {type(error).__name__}: {error}"[:150]] += 1
        finally:
            db.session.remove()
    return results


def _buy(wanted: dict[str, int]) -> str:
    with write_transaction() as session:
        cart = Cart(token=secrets.token_urlsafe(24))
        session.add(cart)
        session.flush()
        for sku, number in wanted.items():
            session.add(CartLine(cart_id=cart.id, sku=sku, quantity=number, price_seen=0))
        about = {"email": "ada@shop.example", "address": {"country": "GB"}, "payment": "invoice"}
        draft = Checkout(cart_id=cart.id, delivery="standard", **about)
        session.add(draft)
        session.flush()
        checkout_id, cart_id = draft.id, cart.id
    result = "bought"
    while True:
        try:
            holds.reserve(checkout_id)
            seen = drafts.build_review(db.session(), db.session.get_one(Checkout, checkout_id)).digest
            order = place_order(checkout_id, f"the key of basket {checkout_id}", seen).order
        except ShortageError as error:
            result = "bought what was left"
            with write_transaction() as session:
                for short in error.shortages:
                    line = (CartLine.cart_id == cart_id) & (CartLine.sku == short.sku)
                    if short.available:
                        session.execute(update(CartLine).where(line).values(quantity=short.available))
                    else:
                        session.execute(delete(CartLine).where(line))
        except EmptyBasketError:
            return "found everything sold out"
        else:
            with write_transaction() as session:
                orders.record_payment(session, order.number, order.total, order.currency, actor="replay")
            return result


def _return_goods(sku: str, number: int) -> str:
    """Return up to this quantity of the oldest order that has any left."""
    db.session.rollback()
    row = db.session.execute(
        select(Order.number, OrderLine.id, OrderLine.unit_price, OrderLine.from_stock - OrderLine.returned)
        .join(OrderLine)
        .where(OrderLine.sku == sku, OrderLine.from_stock > OrderLine.returned, Order.paid > Order.refunded)
        .order_by(Order.id)
        .limit(1)
    ).one_or_none()
    if row is None:
        return "returned items that were not bought here"
    order, line, price, left = row
    back = min(number, left)
    try:
        with write_transaction() as session:
            orders.record_refund(session, order, back * price, actor="replay", returned={line: back})
    except OrderError:
        return "returned too late"
    return "returned"


def sum_counts(answers: Iterable[Counter[str]]) -> Counter[str]:
    """Return the sum of the counts."""
    return sum(answers, Counter())


def report(database: str, url: str, redis: str, results: Counter[str], seconds: float) -> None:
    """Print the results, and whether the stock agrees with the audit and with the orders."""
    with create_app(environ(url, redis), instance=Path(gettempdir())).app_context():
        differences = audit.find_differences(db.session())
        sold = select(func.sum(OrderLine.from_stock - OrderLine.returned)).scalar_subquery()
        left, opened, gone = db.session.execute(
            select(func.sum(StockItem.on_hand), func.sum(StockItem.opening), sold)
        ).one()
        movements = db.session.execute(select(func.count(StockMovement.id))).scalar_one()
        held = db.session.execute(select(func.count(Hold.id))).scalar_one()
        db.session.remove()
        db.engine.dispose()
    rows = [[what, f"{number:,}"] for what, number in results.most_common()]
    rows += [
        ["seconds", f"{seconds:.0f}"],
        ["invoices a second", f"{results.total() / seconds:.0f}"],
        ["movements in the ledger", f"{movements:,}"],
        ["differences that the audit finds", str(len(differences))],
        ["items missing by the orders", str(opened - gone - left)],
        ["holds left", str(held)],
    ]
    shops.table(f"Invoices on {database} ({os.cpu_count()} cores)", ["what", "how many"], rows)
