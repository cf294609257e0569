"""The back office: does a page cost the same in a shop of 1,000 and of 1,000,000 products?

`OFFICE_DIR=directory` keeps the shops there, so that the next run does not generate them again.
"""

from __future__ import annotations

import os
import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from flask import Flask
from sqlalchemy import text

from benchmarks import office_shop, shops
from storefront.catalog.models import Product, Variant
from storefront.catalog.product_list import read_filter, select_products
from storefront.extensions import db
from tests.accounts.people import Browser, staff_browser
from tests.catalog.test_cost import statements

SMALL = 1000
ROUNDS = 15
MOST_STATEMENTS, MOST_RATIO = 8, 3.0
LISTS = (
    *("", "sort=title", "sort=price", "sort=updated", "page=15", "status=draft", "status=active&sort=price"),
    *("vendor={vendor}", "vendor={vendor}&sort=price", "vendor={vendor}&stock=out", "type={type}"),
    *("type={type}&sort=price", "type={type}&status=draft&sort=title", "category={category}"),
    *("category={category}&sort=price", "tag={tag}", "tag={tag}&sort=price", "stock=out", "stock=low"),
    *("stock=in", "stock=out&sort=price", "stock=low&status=draft", "picture=none", "description=none"),
    *("description=none&stock=out", "q={sku}", "q={word}", "q={word}&status=draft", "q={word}&stock=out"),
)
PAGES = (
    *("/admin", "/admin/orders", "/admin/orders?state=placed", "/admin/orders?q={mail}", "/admin/customers"),
    *("/admin/stock", "/admin/stock?show=out", "/admin/stock?show=low", "/admin/stock?show=uncounted"),
    *(
        "/admin/stock?q={word}",
        "/admin/grid",
        "/admin/grid?stock=low",
        "/admin/stock/takings",
        "/admin/changes",
        "/admin/changes?kind=product",
    ),
    *("/admin/products/{id}", "/admin/categories", "/admin/imports", "/admin/products/new"),
)


def run(*, products: int) -> None:
    """Print for each page its statements, its cost in both shops, and their ratio."""
    with _shop(SMALL) as small, _shop(products) as large:
        rows = [_compare(name, small, large) for name in _paths()]
        shops.table(
            f"The back office without a cache, CPU ms, median of {ROUNDS}; at most {MOST_STATEMENTS} statements, × "
            f"{MOST_RATIO:.0f}",
            ["page", "statements", f"{SMALL:,} products", f"{products:,}", "ratio"],
            rows,
        )
        shops.table(
            "The list of products beside a bare query of the same rows",
            ["products", "statements", "page CPU ms", "query CPU ms", "ratio"],
            [_beside_query(size, app) for size, app in ((SMALL, small), (products, large))],
        )


def _paths() -> Iterator[str]:
    for query in LISTS:
        yield f"/admin/products?{query}".rstrip("?")
    yield from PAGES


def _compare(pattern: str, small: Flask, large: Flask) -> list[str]:
    (few, first), (many, second) = (_measure(app, pattern) for app in (small, large))
    return [
        pattern,
        str(max(few, many)),
        f"{first * 1e3:.1f}",
        f"{second * 1e3:.1f}",
        f"{second / first:.2f}",
    ]


def _measure(app: Flask, pattern: str) -> tuple[int, float]:
    """Return the number of statements of a page, and its CPU seconds."""
    with app.app_context():
        browser, path = staff_browser(app), pattern.format(**office_shop.describe())
        status = browser.get(path).status_code
        if status != 200:
            raise SystemExit(f"{path} answered {status}")
        browser.get(path)
        with statements() as sent:
            browser.get(path)
        number = sum(not each.startswith("BEGIN") for each in sent)
        return number, statistics.median(_cpu_seconds(browser, path) for _ in range(ROUNDS))


def _cpu_seconds(browser: Browser, path: str) -> float:
    began = time.process_time()
    browser.get(path)
    return time.process_time() - began


def _beside_query(size: int, app: Flask) -> list[str]:
    sent, page = _measure(app, "/admin/products")
    with app.app_context():
        ids = list(select_products(read_filter({}), 1).ids)
        marks = ", ".join(map(str, ids))
        query = text(
            f"SELECT * FROM {Product.__tablename__} JOIN {Variant.__tablename__} ON product_id = product.id "
            f"WHERE product.id IN ({marks})"
        )
        times = []
        for _ in range(ROUNDS):
            began = time.process_time()
            db.session.execute(query).all()
            times.append(time.process_time() - began)
    bare = statistics.median(times)
    return [f"{size:,}", str(sent), f"{page * 1e3:.1f}", f"{bare * 1e3:.2f}", f"{page / bare:.1f}"]


@contextmanager
def _shop(products: int) -> Iterator[Flask]:
    folder = os.environ.get("OFFICE_DIR")
    if folder is None:
        with tempfile.TemporaryDirectory(prefix="office-") as temporary:
            yield office_shop.make(Path(temporary), products)
    else:
        yield office_shop.make(Path(folder) / str(products), products)
