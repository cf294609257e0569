"""Replay real order lines as page views with writes in between: hit rate, and whether each answer is right.

Every response is compared with the database at that moment. Any CSV with time and SKU columns works:

    python -m benchmarks.replay FILE --time InvoiceDate --sku StockCode --views 200000
"""

from __future__ import annotations

import argparse
import csv
import gzip
import io
import random
import time
from collections import Counter
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

from flask import Flask
from sqlalchemy import select

from benchmarks import servers, shops
from storefront import cache
from storefront.app import create_app
from storefront.catalog.list_index import writer
from storefront.catalog.models import Product, Variant
from storefront.extensions import write_transaction
from storefront.stock import StockItem

WRITES = 0.01


def main() -> None:
    """Replay a file from the command line."""
    servers.unwind_when_ended()
    parser = argparse.ArgumentParser(prog="python -m benchmarks.replay", description=__doc__)
    parser.add_argument("file", type=Path, help="a CSV (or .csv.gz) with a header")
    parser.add_argument("--time", default="InvoiceDate", help="the column to sort by (default InvoiceDate)")
    parser.add_argument("--sku", default="StockCode", help="the column of SKUs (default StockCode)")
    parser.add_argument(
        "--views", type=int, default=200_000, help="how many lines to replay (default 200,000)"
    )
    wanted = parser.parse_args()
    if not wanted.file.is_file():
        parser.error(f"there is no file {wanted.file}")
    replay(wanted.file, wanted.time, wanted.sku, wanted.views)


def replay(file: Path, time_column: str, sku_column: str, views: int) -> Counter[str]:
    """Print and return the number of hits, misses and wrong answers."""
    skus = list(_skus(file, time_column, sku_column, views))
    with shops.empty() as instance:
        # All views come from one address, which would exceed the rate limits.
        app = create_app(shops.environ(instance) | {"STOREFRONT_LIMITS": "off"}, instance=instance)
        with app.app_context():
            slugs = _fill(set(skus))
            cache.start(app)
            began = time.perf_counter()
            seen = _view(app, skus, slugs)
            seconds = time.perf_counter() - began
            cache.stop(app)
    shops.table(
        f"{views:,} page views of {len(slugs):,} products, {seen['write']:,} prices changed in between",
        ["hit ratio", "wrong answers", "views/s"],
        [[f"{seen['hit'] / max(1, len(skus)):.2%}", str(seen["wrong"]), f"{len(skus) / seconds:,.0f}"]],
    )
    return seen


def _view(app: Flask, skus: list[str], slugs: dict[str, str]) -> Counter[str]:
    dice, client, seen = random.Random(1), app.test_client(), Counter[str]()
    prices = dict.fromkeys(slugs, 1000)
    for sku in skus:
        if dice.random() < WRITES:
            seen["write"] += 1
            changed = dice.choice(skus)
            prices[changed] += 1
            with write_transaction() as session:
                variant = session.execute(select(Variant).where(Variant.sku == changed)).scalar_one()
                variant.price = prices[changed]
                writer.refresh(session, [variant.product_id])
        answer = client.get(f"/products/{slugs[sku]}", headers={"Accept-Encoding": "identity"})
        seen["hit" if "; hit" in answer.headers["Cache-Status"] else "miss"] += 1
        shown = f"${Decimal(prices[sku]) / 100:.2f}"
        seen["wrong"] += answer.status_code != 200 or shown not in answer.text
    return seen


def _fill(skus: set[str]) -> dict[str, str]:
    """Make a product for each SKU; return their slugs."""
    slugs = {sku: f"product-{number}" for number, sku in enumerate(sorted(skus))}
    with write_transaction() as session:
        for sku, slug in slugs.items():
            product = Product(slug=slug, title=f"Product {slug[8:]}", status="active", vendor="Replay")
            product.variants = [Variant(sku=sku, price=1000)]
            session.add(product)
        session.flush()
        rows = session.execute(select(Variant.id, Variant.sku, Variant.product_id)).all()
        session.add_all(
            StockItem(sku=r.sku, variant_id=r.id, product_id=r.product_id, on_hand=50) for r in rows
        )
        writer.refresh(session, [row.product_id for row in rows])
    return slugs


def _skus(file: Path, time_column: str, sku_column: str, views: int) -> Iterator[str]:
    with (
        (gzip.open if file.suffix == ".gz" else open)(file, "rb") as raw,
        io.TextIOWrapper(raw, encoding="utf-8", errors="replace", newline="") as text,
    ):  # type: ignore[arg-type]
        rows = csv.DictReader(text)
        if missing := {time_column, sku_column} - set(rows.fieldnames or ()):
            raise SystemExit(f"{file} has no column {', '.join(sorted(missing))}; it has: {rows.fieldnames}")
        lines = ((row[time_column], row[sku_column].strip()) for row in rows if row[sku_column].strip())
        first = [line for line, _ in zip(lines, range(views), strict=False)]
    return (sku for _, sku in sorted(first, key=lambda line: line[0]))


if __name__ == "__main__":
    main()
