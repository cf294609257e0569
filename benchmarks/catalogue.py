"""Pages without any cache: does a page cost the same in a shop of 100 and of 1,000,000 products?"""

from __future__ import annotations

import statistics
import time
from math import ceil

from flask import Flask
from sqlalchemy import func, select

from benchmarks import shops
from storefront.catalog.collection import collection_builds, collection_edits
from storefront.catalog.collection.collection_edits import CollectionValues
from storefront.catalog.collection.membership_rules import Condition, Rule
from storefront.catalog.collection.models import Collection
from storefront.catalog.list_index.matches import PER_PAGE
from storefront.catalog.models import Category, Product
from storefront.extensions import db, write_transaction

SORTS = ("new", "price", "-price", "name")
ROUNDS = 30


def run(*, products: int) -> None:
    """Print the time of each page in a small and in a large shop, and their ratio (at most 3)."""
    with (
        shops.generated(100, STOREFRONT_CACHE="off") as (small, _),
        shops.generated(products, STOREFRONT_CACHE="off") as (large, seconds),
    ):
        shops.table(
            "Filling a shop",
            ["products", "seconds", "products/s"],
            [[f"{products:,}", f"{seconds:.1f}", f"{products / seconds:,.0f}"]],
        )
        built = [_make_collection(app) for app in (small, large)]
        shops.table(
            "Filling a collection of half of a shop's products in the background",
            ["products of the shop", "CPU seconds", "products/s"],
            [
                [f"{size:,}", f"{took:.1f}", f"{size / took:,.0f}"]
                for size, took in zip((100, products), built, strict=True)
            ],
        )
        rows = []
        deep = min(1000, products // 24)
        for name, url_small, url_large in _pages(small, large, deep):
            first, second = _median(small, url_small), _median(large, url_large)
            rows.append([name, f"{first * 1e3:.2f}", f"{second * 1e3:.2f}", f"{second / first:.2f}"])
        shops.table(
            f"Rendered without a cache, median of {ROUNDS}, ms",
            ["page", "100 products", f"{products:,}", "ratio"],
            rows,
        )


def _pages(small: Flask, large: Flask, deep: int) -> list[tuple[str, str, str]]:
    pages = [("home", "/", "/")]
    branches = [_biggest_branch(app) for app in (small, large)]
    for sort in SORTS:
        list_url, (near, far) = (
            f"/products?sort={sort}",
            (f"/categories/{path}?sort={sort}" for path, _ in branches),
        )
        last = min(deep, branches[1][1] // 24)
        pages += [
            (f"list, {sort}, page 1", list_url, list_url),
            (f"list, {sort}, page {deep:,}", list_url, f"{list_url}&page={deep}"),
            (f"category and all below, {sort}, page 1", near, far),
            (f"category and all below, {sort}, page {last:,}", near, f"{far}&page={last}"),
        ]
    for sort in SORTS:
        first = f"/collections/half?sort={sort}"
        middle = min(4000, max(1, _last_page(large) // 2))
        pages += [
            (f"collection, {sort}, page 1", first, first),
            (f"collection, {sort}, page {middle:,}", first, f"{first}&page={middle}"),
            (
                f"collection, {sort}, last page",
                *(f"{first}&page={_last_page(app)}" for app in (small, large)),
            ),
        ]
    for query in (
        "in_stock=1",
        "min_price=5&max_price=20",
        "min_price=5&max_price=20&sort=name",
        "q=indigo",
        "q=st",
        "q=fluted+oak+teapot",
    ):
        pages.append((f"list, {query}", f"/products?{query}", f"/products?{query}"))
    pages.append(("product", _product(small), _product(large)))
    return pages


def _make_collection(app: Flask) -> float:
    """Make a collection of the cheaper half of what is in stock; return the CPU seconds of its build."""
    with app.app_context():
        prices = select(Product.price).where(Product.price.is_not(None)).order_by(Product.price)
        number = db.session.execute(select(func.count(Product.id))).scalar_one()
        median = db.session.execute(prices.offset(number // 2).limit(1)).scalar_one()
        rule = Rule("all", (Condition("in_stock"), Condition("price_to", number=median)))
        with write_transaction() as session:
            made = collection_edits.create(session, CollectionValues("Half", rule)).id
        began = time.process_time()
        while collection_builds.build_batch(made):
            pass
        return time.process_time() - began


def _last_page(app: Flask) -> int:
    with app.app_context():
        listed = db.session.execute(select(Collection.product_count)).scalar_one()
        return max(1, ceil(listed / PER_PAGE))


def _biggest_branch(app: Flask) -> tuple[str, int]:
    with app.app_context():
        biggest = select(Category.path, Category.product_count).where(Category.path != "")
        path, count = db.session.execute(biggest.order_by(Category.product_count.desc()).limit(1)).one()
        return path, count


def _product(app: Flask) -> str:
    with app.app_context():
        slug = db.session.execute(
            select(Product.slug).order_by(Product.id.desc()).offset(50).limit(1)
        ).scalar_one()
        return f"/products/{slug}"


def _median(app: Flask, url: str) -> float:
    client, times = app.test_client(), []
    for turn in range(ROUNDS + 3):
        began = time.perf_counter()
        status = client.get(url).status_code
        if turn >= 3:  # the first few fill the caches of SQLite and Jinja
            times.append(time.perf_counter() - began)
        if status != 200:
            raise SystemExit(f"{url} answered {status}")
    return statistics.median(times)
