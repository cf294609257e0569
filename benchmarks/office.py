"""The back office: does a page cost the same in a shop of 1,000 and of 1,000,000 products?

`OFFICE_DIR=directory` keeps the shops there, so that the next run does not generate them again.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from contextlib import ExitStack
from functools import partial
from pathlib import Path

from flask import Flask
from sqlalchemy import text

from benchmarks import office_shop, shops
from benchmarks.costs import HEADER, MOST_RATIO, MOST_STATEMENTS, Costs
from storefront.catalog.models import Product, Variant
from storefront.catalog.product_list import read_filter, select_products
from storefront.extensions import db
from tests.accounts.people import staff_browser

SMALL = 1000
ROUNDS = 15
LISTS = (
    *("", "sort=title", "sort=price", "sort=updated", "page=15", "status=draft", "status=active&sort=price"),
    *("vendor={vendor}", "vendor={vendor}&sort=price", "vendor={vendor}&stock=out", "type={type}"),
    *("type={type}&sort=price", "type={type}&status=draft&sort=title", "category={category}"),
    *("category={category}&sort=price", "tag={tag}", "tag={tag}&sort=price", "stock=out", "stock=low"),
    *("stock=in", "stock=out&sort=price", "stock=low&status=draft", "picture=none", "description=none"),
    *("description=none&stock=out", "q={sku}", "q={word}", "q={word}&status=draft", "q={word}&stock=out"),
)
PAGES = (
    *("", "/orders", "/orders?state=placed", "/orders?q={mail}", "/orders/{order}"),
    *("/customers", "/customers?q={mail}", "/customers/{customer}", "/stock", "/stock?show=out"),
    *("/stock?show=low", "/stock?show=uncounted", "/stock?q={word}", "/stock?code={sku}", "/stock/takings"),
    *("/stock/takings/{taking}", "/stock/takings/{taking}/review", "/grid", "/grid?stock=low", "/changes"),
    *("/changes?kind=product", "/changes?product={id}", "/products/{id}", "/products/new", "/categories"),
    *("/categories/{category}", "/collections", "/collections/{collection}", "/collections/new", "/imports"),
    *("/imports/new", "/imports/{change_set}", "/staff", "/pages", "/menus", "/front-page", "/settings"),
    *("/translations", "/system", "/system/security"),
)


def run(*, products: int, database: str) -> None:
    """Print for each page its statements, its size and cost in both shops, and their ratio."""
    with ExitStack() as stack:
        folder = os.environ.get("OFFICE_DIR") or tempfile.mkdtemp(prefix="office-")
        if "OFFICE_DIR" not in os.environ:
            stack.callback(shutil.rmtree, folder)
        settings = stack.enter_context(shops.databases(database, Path(folder)))
        both = [
            office_shop.make(Path(folder) / str(size), size, **settings(f"office{size}"))
            for size in (SMALL, products)
        ]
        shops.table(
            f"The back office without a cache on {database}, CPU ms, median of {ROUNDS} rounds in turn; at most "
            f"{MOST_STATEMENTS} statements, × {MOST_RATIO:.0f}",
            ["page", "small kB", "large kB", *HEADER],
            [_compare(f"/admin{path}", both) for path in (*_lists(), *PAGES)],
        )
        shops.table(
            "The list of products beside a bare query of the same rows",
            ["", *HEADER],
            [["page", *_costs("/admin/products", both)[1].cells()], ["query", *_query_costs(both).cells()]],
        )


def _lists() -> list[str]:
    return [f"/products?{query}".rstrip("?") for query in LISTS]


def _compare(pattern: str, both: list[Flask]) -> list[str]:
    sizes, costs = _costs(pattern, both)
    return [pattern, *sizes, *costs.cells()]


def _costs(pattern: str, both: list[Flask]) -> tuple[list[str], Costs]:
    """Return how many kB a page has in each shop, and what it costs."""
    sizes, requests, lists = list[str](), {}, [f"/admin{path}" for path in _lists()]
    for app in both:
        with app.app_context():
            browser, path = staff_browser(app), pattern.format(**office_shop.describe())
            answer = browser.get(path)
            if answer.status_code != 200:
                raise SystemExit(f"{path} answered {answer.status_code}")
            if pattern in lists and 'class="product-row' not in answer.text:
                raise SystemExit(f"{path} lists nothing: the comparison would not be fair")
            sizes.append(f"{len(answer.data) / 1e3:.0f}")
            requests[app] = partial(browser.get, path)
    return sizes, Costs(ROUNDS, requests)


def _query_costs(both: list[Flask]) -> Costs:
    requests = {}
    for app in both:
        with app.app_context():
            marks = ", ".join(map(str, select_products(read_filter({}), 1).ids))
            query = text(
                f"SELECT * FROM {Product.__tablename__} JOIN {Variant.__tablename__} ON product_id = product.id "
                f"WHERE product.id IN ({marks})"
            )
            requests[app] = lambda query=query: db.session.execute(query).all()
    return Costs(ROUNDS, requests)
