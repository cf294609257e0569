"""Readers of a shop while it is imported into: does the hit rate fall, does anybody wait, is any price wrong?

The shop, the readers, the writer and the import are processes of their own: none of them waits for another's
interpreter. The shop's one worker has a core to itself; the others share the second one.
"""

from __future__ import annotations

import csv
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import urlsplit

import msgspec
from sqlalchemy import select

from benchmarks import servers, shops
from benchmarks.cliff_readers import CLIENTS, Phase
from benchmarks.cliff_writer import PriceChange
from benchmarks.servers import BIND, CONFIGURED
from storefront.app import create_app
from storefront.catalog.models import Category, Product
from storefront.extensions import db
from storefront.redis_roles import embedded

PAGES, PRODUCT_PAGES = 300, 200
QUIET = 5.0  # seconds
# A price may be seen this long after the commit of its successor.
COHERENCE = 0.05
_ON_THE_SECOND_CORE = ("taskset", "-c", "1", sys.executable)
_PRODUCT_COLUMNS = ("Handle", "Title", "Vendor", "Product Category", "Published", "Status")
_VARIANT_COLUMNS = ("Variant SKU", "Variant Inventory Qty", "Variant Price")


class ReaderProcess:
    """The process of the readers, and how to end its phases."""

    def __init__(self, stack: ExitStack, base: str, pages: list[str]) -> None:
        command = [*_ON_THE_SECOND_CORE, "-m", "benchmarks.cliff_readers", urlsplit(base).netloc]
        pipe = subprocess.PIPE
        process = subprocess.Popen(command, cwd=shops.ROOT, stdin=pipe, stdout=pipe, text=True)
        self._process = stack.enter_context(process)
        stack.callback(process.terminate)
        self._say(msgspec.json.encode(pages).decode())
        self._listen()

    def end_phase(self) -> Phase:
        """Return what was read since the last call."""
        self._say("")
        return msgspec.json.decode(self._listen(), type=Phase)

    def _say(self, line: str) -> None:
        assert self._process.stdin
        self._process.stdin.write(line + "\n")
        self._process.stdin.flush()

    def _listen(self) -> str:
        assert self._process.stdout
        if line := self._process.stdout.readline():
            return line
        raise SystemExit(f"The readers ended with {self._process.wait()}.")


def run(*, products: int) -> None:
    """Print hit rate, p99, the longest answer and wrong prices, of a quiet shop and during the changes."""
    size = min(products, 10_000)
    with ExitStack() as stack:
        folder, environ = make_shop(stack, size)
        with create_app(environ, instance=folder).app_context():
            pages, prices = choose_pages()
            _write_file(folder / "new.csv", size)
        base = stack.enter_context(servers.server([*CONFIGURED, *BIND, "wsgi:app"], environ))
        readers = ReaderProcess(stack, base, pages)
        readers.end_phase()
        began = time.monotonic(), servers.cpu_time(base)
        time.sleep(QUIET)
        rows = [describe_phase("quiet", readers.end_phase(), [], began, base)]
        began = time.monotonic(), servers.cpu_time(base)
        changes = _change(environ, folder, size)
        phase = readers.end_phase()
        wrong = _find_wrong(phase, prices, changes)
        rows.append(describe_phase("changes", phase, wrong, began, base))
    shops.table(
        f"{CLIENTS} clients read {len(pages)} pages while {size:,} products are imported, "
        f"{size // 10:,} prices and the menu change",
        ["", "seconds", "requests", "hits", "P99 ms", "longest ms", "built", "core", "wrong prices"],
        rows,
    )
    print("\nThe slowest:")
    for slow in sorted(phase.readings, key=lambda reading: -reading.seconds)[:8]:
        print(f"{1000 * slow.seconds:.0f} ms at {slow.asked - began[0]:.1f} s: {slow.page} {slow.status}")
    for text in wrong[:5]:
        print(f"Wrong: {text}")


def make_shop(stack: ExitStack, products: int) -> tuple[Path, dict[str, str]]:
    """Return the directory of a generated shop with a Redis, and its environment variables."""
    folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="storefront-bench-")))
    shops.command(folder, "db", "upgrade")
    shops.command(folder, "demo", "--products", str(products), "--seed", "1", "--no-pictures")
    redis = embedded.acquire_server(folder / "redis")
    about = {"STOREFRONT_ENV": "development", "REDIS_URL": redis, "STOREFRONT_LIMITS": "off"}
    return folder, shops.environ(folder) | about | {"STOREFRONT_INSTANCE_DIR": str(folder)}


def describe_phase(
    name: str, phase: Phase, wrong: list[str], began: tuple[float, float], base: str
) -> list[str]:
    """Return the row of the table for one phase; `core` is the share of its core that the shop used."""
    took, cpu = time.monotonic() - began[0], servers.cpu_time(base) - began[1]
    seconds = [reading.seconds for reading in phase.readings]
    hits = Counter("; hit" in reading.status for reading in phase.readings)
    return [
        name,
        f"{took:.0f}",
        f"{len(seconds):,}",
        f"{hits[True] / len(seconds):.2%}",
        f"{1000 * statistics.quantiles(seconds, n=100)[98]:.1f}",
        f"{1000 * max(seconds):.0f}",
        f"{hits[False]:,}",
        f"{cpu / 1e6 / took:.0%}",
        str(len(wrong)),
    ]


def choose_pages() -> tuple[list[str], dict[str, int]]:
    """Return the addresses to read, and the price of each product whose variants have the same, by address."""
    found = db.session.execute(
        select(Product.slug, Product.price)
        .where(Product.status == "active", Product.price == Product.price_max)
        .order_by(Product.id.desc())
    ).all()
    prices = {f"/products/{row.slug}": row.price for row in found}
    paths = select(Category.path).where(Category.product_count > 0, Category.path != "")
    lists = [f"/categories/{path}" for path in db.session.scalars(paths.order_by(Category.path))]
    lists += [f"{path}?page={page}" for page in (2, 3) for path in lists]
    db.session.rollback()
    return [*list(prices)[:PRODUCT_PAGES], "/", "/products", *lists][:PAGES], prices


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


def _change(environ: dict[str, str], folder: Path, size: int) -> list[PriceChange]:
    """Import, and meanwhile change prices and the menu; return the changed prices."""
    importing = [*_ON_THE_SECOND_CORE, "-m", "flask", "catalog", "import", str(folder / "new.csv")]
    writing = [*_ON_THE_SECOND_CORE, "-m", "benchmarks.cliff_writer", str(size // 10)]
    environ = {**environ, "PYTHONPATH": str(shops.ROOT), "PATH": os.environ["PATH"]}
    with (folder / "changes").open("w") as output:
        importer = subprocess.Popen(importing, cwd=shops.ROOT, env=environ, stdout=subprocess.DEVNULL)
        writer = subprocess.Popen(writing, cwd=shops.ROOT, env=environ, stdout=output)
        ended = importer.wait(), writer.wait()
    if any(ended):
        raise SystemExit(f"The import ended with {ended[0]}, the writer with {ended[1]}.")
    lines = (folder / "changes").read_text().splitlines()
    return [msgspec.json.decode(line, type=PriceChange) for line in lines]


def _find_wrong(phase: Phase, prices: dict[str, int], changes: list[PriceChange]) -> list[str]:
    """Return a sentence for each answer that printed a price after the commit of its successor, too long after."""
    history = {change.page: [(0.0, prices[change.page])] for change in changes if change.page in prices}
    for change in changes:
        if change.page in history:
            history[change.page].append((change.at, change.price))
    wrong = []
    for reading in phase.readings:
        for product, price in phase.prices[reading.etag].items():
            if product in history and price not in (
                allowed := _allowed(history[product], reading.asked - COHERENCE)
            ):
                wrong.append(f"{reading.page} {reading.status}: {product} for {price}, not {sorted(allowed)}")
    return wrong


def _allowed(history: list[tuple[float, int]], least: float) -> set[str]:
    """Return the prices that an answer may print, as pages write them: the one of a moment, and all later ones."""
    old = [price for at, price in history if at <= least][-1:]
    return {f"${price / 100:,.2f}" for price in (*old, *(p for at, p in history if at > least))}
