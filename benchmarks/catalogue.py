"""Pages without any cache: does a page cost the same in a shop of 100 and of 1,000,000 products?"""

from __future__ import annotations

import tempfile
from contextlib import ExitStack
from functools import partial
from pathlib import Path

from flask import Flask
from sqlalchemy import select

from benchmarks import half_collection, shops
from benchmarks.costs import HEADER, Costs
from storefront.catalog.models import Category, Product
from storefront.extensions import db

SMALL = 100
SORTS = ("new", "price", "-price", "name")
ROUNDS = 30


def run(*, products: int, database: str) -> None:
    """Print the cost of each page in a small and in a large shop, and their ratio (at most 3)."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="catalogue-")))
        settings = stack.enter_context(shops.databases(database, folder))
        (small, _), (large, seconds) = (
            stack.enter_context(shops.generated(size, STOREFRONT_CACHE="off", **settings(f"catalogue{size}")))
            for size in (SMALL, products)
        )
        shops.table(
            f"Filling a shop on {database}",
            ["products", "seconds", "products/s"],
            [[f"{products:,}", f"{seconds:.1f}", f"{products / seconds:,.0f}"]],
        )
        built = [_make_collection(app) for app in (small, large)]
        shops.table(
            "Filling a collection of half of a shop's products in the background",
            ["products of the shop", "CPU seconds of the process", "products/s"],
            [
                [f"{size:,}", f"{took:.1f}", f"{size / took:,.0f}"]
                for size, took in zip((SMALL, products), built, strict=True)
            ],
        )
        deep = min(1000, products // 24)
        shops.table(
            f"Rendered without a cache on {database}, CPU ms, median of {ROUNDS} rounds in turn",
            ["page", "products on it", f"of {products:,}", *HEADER],
            [_compare(name, {small: few, large: many}) for name, few, many in _pages(small, large, deep)],
        )


def _compare(name: str, urls: dict[Flask, str]) -> list[str]:
    found, requests = list[int](), {}
    for app, url in urls.items():
        client = app.test_client()
        answer = client.get(url)
        if answer.status_code != 200:
            raise SystemExit(f"{url} answered {answer.status_code}")
        found.append(answer.text.count('class="card__title"'))
        requests[app] = partial(client.get, url)
    return [name, *map(str, found), *Costs(ROUNDS, requests).cells()]


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
    with app.app_context():
        return half_collection.make()


def _last_page(app: Flask) -> int:
    with app.app_context():
        return half_collection.count_pages()


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
