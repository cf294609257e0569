"""How long another process still reads the old value after a commit."""

from __future__ import annotations

import multiprocessing
import statistics
import time
from multiprocessing.connection import Connection
from pathlib import Path

from sqlalchemy import text

from benchmarks import shops
from storefront import cache
from storefront.app import create_app
from storefront.cache.keys import CacheEntry
from storefront.cache.state import cache_state
from storefront.extensions import db, write_transaction
from storefront.shop_cache.keys import PRODUCT_DETAIL

ROUNDS = 2000
ENTRY, TAG = CacheEntry("bench:coherence", "", PRODUCT_DETAIL), "bench:coherence"


def run(*, products: int) -> None:
    """Change a price repeatedly and print how long the other process reads the old one."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    with shops.generated(min(products, 100)) as (app, _), app.app_context():
        reader = context.Process(target=_read, args=(theirs, Path(app.instance_path)), daemon=True)
        reader.start()
        late = [_change(ours, price) for price in range(1, ROUNDS + 1)]
        reader.kill()
        reader.join()
    shops.table(
        f"From a commit to the last old answer of another process, ms ({ROUNDS:,} commits)",
        ["median", "P99", "longest"],
        [
            [
                f"{1e3 * t:.2f}"
                for t in (statistics.median(late), statistics.quantiles(late, n=100)[98], max(late))
            ]
        ],
    )


def _change(reader: Connection, price: int) -> float:
    reader.send(price)
    reader.recv()  # it has a copy of the old value
    with write_transaction() as session:
        session.execute(text("UPDATE variant SET price = :price WHERE id = 1"), {"price": price})
        cache.invalidate_on_commit(session, TAG)
    committed = time.monotonic()
    return max(0.0, float(reader.recv()) - committed)


def _read(writer: Connection, instance: Path) -> None:
    app = create_app(shops.environ(instance), instance=instance)
    with app.app_context():
        cache.start(app)
        while True:
            price = writer.recv()
            while len(cache_state.get(app).store.l1) == 0:
                _price()
            writer.send(True)
            seen = time.monotonic()
            while _price() != price:
                seen = time.monotonic()
            writer.send(seen)


def _price() -> int:
    def build() -> int:
        cache.depends_on(TAG)
        found = db.session.execute(text("SELECT price FROM variant WHERE id = 1")).scalar_one()
        db.session.rollback()
        return int(found)

    return cache.fetch(ENTRY, int, build)
