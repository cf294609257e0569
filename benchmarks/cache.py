"""Reading a product with and without the cache: mean, median and P99 as a table and a plot (build/cache.svg)."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from pathlib import Path

from benchmarks import shops
from storefront import cache
from storefront.cache.keys import digest
from storefront.cache.state import cache_state
from storefront.catalog import queries
from storefront.catalog.product_page import ProductPage
from storefront.extensions import db
from storefront.shop_cache import keys

ROUNDS = 2000
PLOT = Path("build/cache.svg")


def run(*, products: int) -> None:
    """Print the table and draw the plot."""
    with shops.generated(min(products, 10_000)) as (app, _), app.app_context():
        slugs = db.session.execute(db.text("SELECT slug FROM product ORDER BY id LIMIT 500")).scalars().all()
        store = cache_state.get(app).store

        def read(number: int) -> object:
            slug = slugs[number % len(slugs)]
            return cache.fetch(keys.product(slug), ProductPage, lambda: queries.load_product_page(slug))

        def cold(number: int) -> object:
            cache.invalidate_on_commit(db.session(), f"slug:{digest(slugs[number % len(slugs)])}")
            db.session.commit()
            return read(number)

        seen = {"no cache": _times(lambda number: queries.load_product_page(slugs[number % len(slugs)]))}
        seen["cold: dropped before each read"] = _times(cold, rounds=300)
        seen["warm, from Redis (L2)"] = _times(read)
        cache.start(app)
        while not store.receives_invalidations():
            time.sleep(0.05)
        _times(read, rounds=len(slugs))
        seen["warm, from this process (L1)"] = _times(read)
        cache.stop(app)
    plain = statistics.median(seen["no cache"])
    rows = [
        [
            name,
            *(f"{value * 1e3:.3f}" for value in _summary(times)),
            f"{plain / statistics.median(times):.1f}",
        ]
        for name, times in seen.items()
    ]
    shops.table("Reading a product's data, ms", ["how", "mean", "median", "P99", "× faster"], rows)
    _plot(seen)
    print(f"The plot is in {PLOT}.")


def _times(read: Callable[[int], object], rounds: int = ROUNDS) -> list[float]:
    times = []
    for number in range(rounds):
        began = time.perf_counter()
        read(number)
        times.append(time.perf_counter() - began)
        db.session.rollback()
    return times


def _summary(times: list[float]) -> tuple[float, float, float]:
    return statistics.fmean(times), statistics.median(times), statistics.quantiles(times, n=100)[98]


def _plot(seen: dict[str, list[float]]) -> None:
    """Draw mean, median and P99 as bars."""
    top = max(_summary(times)[2] for times in seen.values())
    bars, y = [], 30
    for name, times in seen.items():
        bars.append(f'<text x="10" y="{y + 4}" font-weight="bold">{name}</text>')
        for label, value in zip(("mean", "median", "P99"), _summary(times), strict=True):
            y += 20
            width = value / top * 420
            bars.append(f'<text x="10" y="{y + 4}">{label}</text>')
            bars.append(f'<rect x="70" y="{y - 8}" width="{width:.1f}" height="14" fill="#2f6f57"/>')
            bars.append(f'<text x="{78 + width:.1f}" y="{y + 4}">{value * 1e3:.3f} ms</text>')
        y += 34
    PLOT.parent.mkdir(exist_ok=True)
    PLOT.write_text(
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 600 {y}" font-family="sans-serif" font-size="12">'
        f'<rect width="600" height="{y}" fill="#fff"/>{"".join(bars)}</svg>\n'
    )
