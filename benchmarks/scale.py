"""A large shop compared with a small one, deployed as in production: gunicorn behind nginx, Redis and PostgreSQL.

`SCALE_DIR=directory` keeps the databases there, so that the next run does not generate them again.
"""

from __future__ import annotations

import os
import re
import statistics
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import psycopg

from benchmarks import servers, shops
from tests.deploy.front import HOST, nginx
from tests.deploy.replicated import role
from tests.postgresql import package
from tests.processes import Shop, free_port, gunicorn, served
from tests.redis_roles.servers import Server

SMALL = 1000
COLD = 150  # uncached pages of each shop
VISITED = 1500  # products of the large shop whose pages fill Redis
ROUNDS = 5
AS_NGINX = [f"Host: {HOST}", f"X-Forwarded-Host: {HOST}", "X-Forwarded-For: 127.0.0.1"]
SORTS = ("", "&sort=price", "&sort=-price", "&sort=name")


@dataclass
class Scaled:
    """A running shop and its size."""

    url: str
    shop: Shop
    redis: Server
    slugs: list[str]  # of products in random order, each requested once
    masters: list[psutil.Process]  # of nginx and of both gunicorns

    def worked(self) -> float:
        """Return the CPU seconds that all processes of a shop have used."""
        found = [process for master in self.masters for process in (master, *master.children())]
        return sum(sum(process.cpu_times()[:2]) for process in found)


def run(*, products: int) -> None:
    """Print the tables."""
    with ExitStack() as stack:
        folder = Path(
            os.environ.get("SCALE_DIR") or stack.enter_context(tempfile.TemporaryDirectory(prefix="scale-"))
        )
        temporary = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="scale-run-")))
        database = package().get_server(folder / "pg", cleanup_mode="stop")
        stack.callback(database.cleanup)
        both = [stack.enter_context(_scaled(database, size, folder, temporary)) for size in (SMALL, products)]
        _cold(both)
        _cached(both)
        _memory(both[1])


@contextmanager
def _scaled(database: Any, size: int, folder: Path, temporary: Path) -> Iterator[Scaled]:
    name = f"shop{size}"
    if name not in database.psql("SELECT datname FROM pg_database"):
        database.psql(f"CREATE DATABASE {name}")
    place = temporary / name
    place.mkdir()
    with ExitStack() as stack:
        redis = stack.enter_context(role("cache", place))
        settings = {
            "DATABASE_URL": database.get_uri(name),
            "REDIS_URL": redis.url,
            "TRUSTED_PROXIES": "1",
            "STOREFRONT_LIMITS": "off",
            "STOREFRONT_MEDIA_DIR": str(folder / "media"),
        }
        environ = {"PATH": os.environ["PATH"], "STOREFRONT_INSTANCE_DIR": str(place / "first"), **settings}
        filler = Shop("", place / "first", None, environ)  # type: ignore[arg-type]  # it is not served
        _flask(filler, "setup", "--no-demo")
        with psycopg.connect(database.get_uri(name)) as connection:
            if not connection.execute("SELECT 1 FROM product LIMIT 1").fetchone():
                _flask(filler, "demo", "--products", str(size), "--seed", "1", "--no-pictures")
            chosen = "SELECT 1 + floor(random() * %s)::bigint FROM generate_series(1, %s)"
            rows = connection.execute(
                f"SELECT slug FROM product WHERE id IN ({chosen}) ORDER BY random()",
                (size, 3 * (COLD + VISITED)),
            )
            slugs = [slug for (slug,) in rows]
        gunicorns = [
            stack.enter_context(served(place / one, *gunicorn(1), **settings)) for one in ("first", "second")
        ]
        bare = free_port()
        ports = [int(one.url.rpartition(":")[2]) for one in gunicorns]
        front = stack.enter_context(nginx(place, *ports, bare=bare))
        masters = [psutil.Process(one.pid) for one in (front.process, *(one.process for one in gunicorns))]
        yield Scaled(f"http://127.0.0.1:{bare}", gunicorns[0], redis, slugs, masters)


def _cold(both: list[Scaled]) -> None:
    """Measure pages that are not cached yet, of both shops in turn."""
    times: dict[str, list[list[float]]] = {"product page": [[], []], "list page": [[], []]}
    for number in range(COLD):
        for which, one in enumerate(both):
            times["product page"][which].append(_get(one, f"/products/{one.slugs.pop()}"))
            listed = f"/products?page={number // 4 % 40 + 1}{SORTS[number % 4]}"
            times["list page"][which].append(_get(one, listed))
    rows = []
    for page, seen in times.items():
        small, large = (statistics.median(one) * 1e3 for one in seen)
        slow = [statistics.quantiles(one, n=20)[-1] * 1e3 for one in seen]
        rows.append([page, *(f"{x:.1f}" for x in (small, large, *slow)), f"{large / small:.2f}"])
    shops.table(
        f"Cold pages through nginx, {COLD} of each, one at a time",
        ["page", "small p50 ms", "large p50 ms", "small p95 ms", "large p95 ms", "× p50"],
        rows,
    )


def _cached(both: list[Scaled]) -> None:
    """Measure one page repeatedly: from nginx's cache, and from a worker that is asked as nginx asks it."""
    slugs = [one.slugs.pop() for one in both]
    rows = []
    for page in ("product page", "list page"):
        paths = [f"/products/{slug}" if page == "product page" else "/products" for slug in slugs]
        sizes = [f"{len(_read(one, path)) / 1e3:.1f}" for one, path in zip(both, paths, strict=True)]
        for where in ("nginx", "a worker"):
            rates: list[list[float]] = [[], []]
            costs: list[list[float]] = [[], []]
            for turn in range(2 * ROUNDS):  # alternate which shop is first
                which = (turn + turn // 2) % 2
                base = both[which].url if where == "nginx" else both[which].shop.url
                before = both[which].worked()
                rates[which].append(servers.load(base + paths[which], seconds=2, headers=AS_NGINX).rate)
                costs[which].append((both[which].worked() - before) / (2 * rates[which][-1]) * 1e6)
            small, large = (statistics.median(one) for one in rates)
            cheap, dear = (statistics.median(one) for one in costs)
            rows.append(
                [
                    page,
                    where,
                    *sizes,
                    f"{small:,.0f}",
                    f"{large:,.0f}",
                    f"{large / small:.2f}",
                    f"{cheap:.0f}",
                    f"{dear:.0f}",
                    f"{dear / cheap:.2f}",
                ]
            )
    shops.table(
        f"Cached pages, requests/s, median of {ROUNDS} rounds in turn",
        [
            "page",
            "answered by",
            "small kB",
            "large kB",
            "small",
            "large",
            "×",
            "small µs of a core",
            "large µs of a core",
            "×",
        ],
        rows,
    )


def _memory(large: Scaled) -> None:
    """Compare the memory of Redis after many page views with the result of `flask cache estimate`."""
    large.redis.client.flushall()
    large.redis.client.memory_purge()
    before = large.redis.client.info("memory")["used_memory"]
    lists = [f"/products?page={number + 1}{sort}" for number in range(VISITED // 24) for sort in SORTS]
    visited = list(dict.fromkeys(large.slugs))[:VISITED]
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda path: _get(large, path), [*(f"/products/{slug}" for slug in visited), *lists]))
    # On a busy machine Redis may have missed some pages, so count its entries.
    kept = sum(1 for _ in large.redis.client.scan_iter("*page:catalog.product:*", count=1000))
    used = (large.redis.client.info("memory")["used_memory"] - before) / 1e6
    said = _flask(large.shop, "cache", "estimate", "--products", str(kept))
    estimated = float(re.findall(r"about ([\d,.]+) MB", said)[0].replace(",", ""))
    shops.table(
        f"Redis after {len(visited):,} products and {len(lists):,} lists were visited",
        ["products kept", "used MB", "estimated MB", "×", "kB a product"],
        [
            [
                f"{kept:,}",
                f"{used:.1f}",
                f"{estimated:.1f}",
                f"{used / estimated:.2f}",
                f"{used / kept * 1e3:.1f}",
            ]
        ],
    )


def _get(one: Scaled, path: str) -> float:
    began = time.perf_counter()
    _read(one, path)
    return time.perf_counter() - began


def _read(one: Scaled, path: str) -> bytes:
    wanted = urllib.request.Request(one.url + path, headers={"Host": HOST, "Accept-Encoding": "br"})
    with urllib.request.urlopen(wanted, timeout=30) as answer:
        return bytes(answer.read())


def _flask(shop: Shop, *arguments: str) -> str:
    ran = shop.flask(*arguments)
    if ran.returncode:
        raise SystemExit(f"flask {' '.join(arguments)}: {ran.stderr}")
    return ran.stdout
