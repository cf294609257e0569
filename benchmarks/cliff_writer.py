"""The writer of `python -m benchmarks cliff`, in a process of its own: changes prices one by one, and the menu.

`python -m benchmarks.cliff_writer CHANGES` writes one line of JSON for each price: the product's address, the new
price in minor units, and the moment (time.monotonic) at which its commit returned.
"""

from __future__ import annotations

import os
import sys
import time
from functools import partial
from pathlib import Path

import msgspec
from sqlalchemy import select

from storefront import outbox, periodic
from storefront.app import create_app
from storefront.catalog.list_index import writer
from storefront.catalog.models import Category, Product, Variant
from storefront.extensions import db, run_again, write_transaction

MENU_CHANGES = 5


class PriceChange(msgspec.Struct, array_like=True):
    """A committed price."""

    page: str
    price: int
    at: float


def _change(changes: int) -> None:
    # Every tenth product of the shop, those that are read too.
    columns = select(Product.id, Product.slug)
    rows = db.session.execute(columns.where(Product.id % 10 == 0).order_by(Product.id.desc()).limit(changes))
    products = rows.all()
    db.session.rollback()
    for turn, (product_id, slug) in enumerate(products):
        price = 100_000 + turn
        run_again(partial(_set_price, product_id, price))  # the import may keep SQLite's lock for long
        done = PriceChange(f"/products/{slug}", price, time.monotonic())
        sys.stdout.write(msgspec.json.encode(done).decode() + "\n")
        if turn % (changes // MENU_CHANGES) == 0:
            run_again(_change_menu)


def _set_price(product_id: int, price: int) -> None:
    with write_transaction() as session:
        for variant in session.scalars(select(Variant).where(Variant.product_id == product_id)):
            variant.price, variant.compare_at_price = price, None
        writer.refresh(session, [product_id])


def _change_menu() -> None:
    top = select(Category).where(Category.path != "", ~Category.path.contains("/"))
    with write_transaction() as session:
        for category in session.scalars(top.order_by(Category.product_count.desc()).limit(1)):
            category.position = 2 if category.position == 1 else 1


if __name__ == "__main__":
    app = create_app(dict(os.environ), instance=Path(os.environ["STOREFRONT_INSTANCE_DIR"]))
    with app.app_context():
        periodic.start_tasks(app, outbox.SWEEPER)  # as in a worker of the shop
        _change(int(sys.argv[1]))
