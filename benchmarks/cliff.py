"""Readers of a shop while it is imported into: does the hit rate fall, does anybody wait, is any price wrong?"""

from __future__ import annotations

import csv
import http.client
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from flask import Flask
from sqlalchemy import select

from benchmarks import servers, shops
from benchmarks.servers import BIND, CONFIGURED
from storefront.app import create_app
from storefront.catalog.list_index import writer
from storefront.catalog.models import Category, Product, Variant
from storefront.extensions import db, write_transaction
from storefront.redis_roles import embedded

CLIENTS, PAGES, PRODUCT_PAGES = 16, 300, 200
QUIET = 5.0  # seconds
# A price may be seen this long after the commit of its successor.
COHERENCE = 0.05
PAUSE = 0.005  # seconds between the requests of a client: visitors, not a flood
_PRODUCT_COLUMNS = ("Handle", "Title", "Vendor", "Product Category", "Published", "Status")
_VARIANT_COLUMNS = ("Variant SKU", "Variant Inventory Qty", "Variant Price")


@dataclass(slots=True)
class Prices:
    """The prices of one product, each with the moment (monotonic) at which its commit returned."""

    history: list[tuple[float, int]]

    def allowed(self, asked: float) -> set[str]:
        """Return the prices that an answer may print, as the page writes them."""
        least = asked - COHERENCE
        old = [price for at, price in self.history if at <= least][-1:]
        return {f"${price / 100:,.2f}" for price in (*old, *(p for at, p in self.history if at > least))}


@dataclass(slots=True)
class Readings:
    """What the readers saw in one phase."""

    seconds: list[float] = field(default_factory=list)
    statuses: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)

    def row(self, name: str) -> list[str]:
        """Return the row of the table."""
        total = self.statuses.total()
        p99 = statistics.quantiles(self.seconds, n=100)[98]
        return [
            name,
            f"{total:,}",
            f"{self.statuses['hit'] / total:.2%}",
            f"{1000 * p99:.1f}",
            f"{1000 * max(self.seconds):.0f}",
            f"{self.statuses['stored']:,}",
            str(len(self.wrong)),
        ]


def run(*, products: int) -> None:
    """Print hit rate, p99, the longest answer and wrong prices, of a quiet shop and during the changes."""
    size = min(products, 10_000)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="storefront-bench-")))
        shops.command(folder, "db", "upgrade")
        shops.command(folder, "demo", "--products", str(size), "--seed", "1", "--no-pictures")
        redis = embedded.acquire_server(folder / "redis")
        about = {"STOREFRONT_ENV": "development", "REDIS_URL": redis, "STOREFRONT_LIMITS": "off"}
        environ = shops.environ(folder) | about | {"STOREFRONT_INSTANCE_DIR": str(folder)}
        app = create_app(environ, instance=folder)
        base = stack.enter_context(servers.server([*CONFIGURED, *BIND, "wsgi:app"], environ))
        with app.app_context():
            pages, prices = _choose_pages()
            _write_file(folder / "new.csv", size)
        quiet, busy = Readings(), Readings()
        _read_once(base, pages)
        _read_while(base, pages, prices, quiet, lambda: time.sleep(QUIET))
        _read_while(
            base, pages, prices, busy, lambda: _change(app, environ, folder / "new.csv", prices, size)
        )
    shops.table(
        f"{CLIENTS} clients read {len(pages)} pages while {size:,} products are imported, "
        f"{size // 10:,} prices and the menu change",
        ["", "requests", "hits", "P99 ms", "longest ms", "built and stored", "wrong prices"],
        [quiet.row("quiet"), busy.row("changes")],
    )
    for text in busy.wrong[:5]:
        print(text)


def _choose_pages() -> tuple[list[str], dict[str, tuple[int, Prices]]]:
    """Return the addresses to read, and by address the id and the prices of each product among them."""
    found = db.session.execute(
        select(Product.id, Product.slug, Product.price)
        .where(Product.status == "active", Product.price == Product.price_max)
        .order_by(Product.id.desc())
        .limit(PRODUCT_PAGES)
    ).all()
    prices = {f"/products/{row.slug}": (row.id, Prices([(0.0, row.price)])) for row in found}
    paths = select(Category.path).where(Category.product_count > 0, Category.path != "")
    lists = [f"/categories/{path}" for path in db.session.scalars(paths.order_by(Category.path))]
    lists += [f"{path}?page={page}" for page in (2, 3) for path in lists]
    db.session.rollback()
    return [*prices, "/", "/products", *lists][:PAGES], prices


def _write_file(file: Path, products: int) -> None:
    """Write new products of the shop's own categories, in Shopify's columns."""
    names = {row.path: row.name for row in db.session.execute(select(Category.path, Category.name))}
    leaves = [path for path in names if path and not any(each.startswith(f"{path}/") for each in names)]
    db.session.rollback()
    with file.open("w", newline="") as opened:
        rows = csv.writer(opened)
        rows.writerow([*_PRODUCT_COLUMNS, *_VARIANT_COLUMNS])
        for number in range(products):
            parts = leaves[number % len(leaves)].split("/")
            category = " > ".join(names["/".join(parts[: level + 1])] for level in range(len(parts)))
            own = [f"cliff-{number}", f"Imported {number}", "Cliff", category, "TRUE", "active"]
            rows.writerow([*own, f"CLIFF-{number}", 10, f"{10 + number % 90}.00"])


def _change(
    app: Flask, environ: dict[str, str], file: Path, prices: dict[str, tuple[int, Prices]], size: int
) -> None:
    """Import, and meanwhile change prices and the menu."""
    command = [sys.executable, "-m", "flask", "catalog", "import", str(file)]
    importing = subprocess.Popen(command, cwd=shops.ROOT, env=environ, stdout=subprocess.DEVNULL)
    read = dict(prices.values())
    with app.app_context():
        # Every tenth product of the shop, those that are read too.
        ids = db.session.scalars(select(Product.id).where(Product.id % 10 == 0).limit(size // 10)).all()
        db.session.rollback()
        for turn, product_id in enumerate(ids):
            price = 100_000 + turn
            with write_transaction() as session:
                wanted = select(Variant).where(Variant.product_id == product_id)
                for variant in session.execute(wanted).scalars():
                    variant.price, variant.compare_at_price = price, None
                writer.refresh(session, [product_id])
            if product_id in read:
                read[product_id].history.append((time.monotonic(), price))
            if turn % (size // 50) == 0:
                with write_transaction() as session:
                    top = select(Category).where(Category.path != "", ~Category.path.contains("/"))
                    for category in session.scalars(top.order_by(Category.product_count.desc()).limit(1)):
                        category.position = 2 if category.position == 1 else 1
    if importing.wait():
        raise SystemExit(f"The import ended with {importing.returncode}.")


def _read_while(
    base: str,
    pages: list[str],
    prices: dict[str, tuple[int, Prices]],
    readings: Readings,
    work: Callable[[], None],
) -> None:
    done = threading.Event()
    places = range(CLIENTS)
    threads = [
        threading.Thread(target=_read, args=(base, pages[i:] + pages[:i], prices, readings, done))
        for i in (place * len(pages) // CLIENTS for place in places)
    ]
    for thread in threads:
        thread.start()
    try:
        work()
    finally:
        done.set()
        for thread in threads:
            thread.join()


def _read_once(base: str, pages: list[str]) -> None:
    ended = threading.Event()
    ended.set()
    _read(base, pages, {}, Readings(), ended)


def _read(
    base: str,
    pages: list[str],
    prices: dict[str, tuple[int, Prices]],
    readings: Readings,
    done: threading.Event,
) -> None:
    """Read all pages in turn, at least once, until the event is set."""
    connection = http.client.HTTPConnection(urlsplit(base).netloc, timeout=30)
    while True:
        for page in pages:
            asked = time.monotonic()
            connection.request("GET", page, headers={"Accept-Encoding": "identity"})
            answer = connection.getresponse()
            body = answer.read().decode()
            readings.seconds.append(time.monotonic() - asked)
            if answer.status != 200:
                raise SystemExit(f"{page} answered {answer.status}")
            status = answer.headers["Cache-Status"]
            readings.statuses[
                "hit" if "; hit" in status else "stored" if "; stored" in status else "miss"
            ] += 1
            if page in prices:
                _, known = prices[page]
                if not any(price in body for price in known.allowed(asked)):
                    readings.wrong.append(f"{page} {status}: none of {sorted(known.allowed(asked))}")
            if done.is_set() and prices:
                return
            time.sleep(PAUSE if prices else 0)
        if done.is_set():
            return
