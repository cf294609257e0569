"""Which products sell best: counted once an hour, from the paid orders of the last weeks, for rows of products."""

from __future__ import annotations

from datetime import datetime, timedelta

from flask import Flask
from sqlalchemy import delete, func, select

from storefront import periodic
from storefront.cache import invalidate_on_commit
from storefront.catalog.models import Product, Variant
from storefront.checkout.models import Order, OrderLine
from storefront.content.front_page.models import ProductSales
from storefront.extensions import connection_of, db, insert_function, write_transaction
from storefront.moments import now
from storefront.shop_cache import keys

TASK = "best-sellers"
WINDOW = timedelta(days=90)
INTERVAL = timedelta(hours=1)
LOOK = 300.0  # seconds between two looks whether the last count is old
MOST = 100  # products; a row shows a few of them, and some may be sold no longer
SOLD_STATES = ("paid", "shipped", "delivered")


def init_app(app: Flask) -> None:
    """Count in every serving process; those that find a new count do nothing."""
    periodic.add_task(app, TASK, count_due, interval=LOOK, run_at_start=True)


def count_due() -> None:
    """Count if the last count is an hour old. The task has nothing more to do then, whatever was found."""
    last = db.session.execute(select(func.max(ProductSales.counted_at))).scalar()
    db.session.rollback()
    if last is None or last <= now() - INTERVAL:
        count()


def count() -> None:
    """Store which products sell best. The rows of products follow at once if that changes them."""
    moment = now()
    found = _read_best(moment - WINDOW)
    db.session.rollback()  # reading takes long in a large shop: no write waits for it
    with write_transaction() as session:
        # In the order of their ids, so that two processes that count at once wait for one another.
        by_id = select(ProductSales).order_by(ProductSales.product_id).with_for_update()
        stored = {row.product_id: row.sold for row in session.execute(by_id).scalars()}
        listed = set(session.execute(select(Product.id).where(Product.id.in_(found))).scalars())
        best = {key: sold for key, sold in found.items() if key in listed}
        connection = connection_of(session)
        connection.execute(delete(ProductSales))
        if best:
            rows = [{"product_id": key, "sold": sold, "counted_at": moment} for key, sold in best.items()]
            statement = insert_function(connection)(ProductSales)
            connection.execute(statement.on_conflict_do_nothing(index_elements=["product_id"]), rows)
        if best != stored:
            invalidate_on_commit(session, keys.BEST_SELLERS, cause="best sellers")


def _read_best(since: datetime) -> dict[int, int]:
    """Return how many pieces of each product were sold since, of the MOST that sold most."""
    sold = func.sum(OrderLine.quantity).label("sold")
    query = (
        select(Variant.product_id, sold)
        .join(OrderLine, OrderLine.sku == Variant.sku)
        .join(Order, Order.id == OrderLine.order_id)
        .where(Order.placed_at >= since, Order.state.in_(SOLD_STATES))
        .group_by(Variant.product_id)
        .order_by(sold.desc(), Variant.product_id.desc())
        .limit(MOST)
    )
    return {row.product_id: int(row.sold) for row in db.session.execute(query)}
