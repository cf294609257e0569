"""Open streams in one worker on one core: the time of a change to reach all, and the memory of each."""

from __future__ import annotations

import json
import resource
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from redis import Redis

from benchmarks import servers, shops
from benchmarks.listeners import CHANNEL, event, listening, memory, publisher, workers
from benchmarks.servers import BIND, CONFIGURED, GUNICORN
from storefront.redis_roles import embedded

STREAMS = 10_000
FEWER = 2_000  # for servers that cannot hold as many
PRODUCTS = 1_000
PAIRS = 5
MANY = ("--worker-connections", "20000")
SHOP = (*CONFIGURED, *BIND, *MANY, "wsgi:app")
# A server with a greenlet or thread per page cannot stop while its pages are open.
PEER = (*BIND, *MANY, "--graceful-timeout", "1")
GREENLETS = (*GUNICORN, *PEER)
ASYNCIO = ("benchmarks/peers/fanout.py", "{port}")
THREADS = (*GUNICORN[:2], "-k", "gthread", "--threads", str(FEWER + 200), *GUNICORN[4:], *PEER)


@dataclass(frozen=True, slots=True)
class Kind:
    """A way to serve streams."""

    name: str
    server: tuple[str, ...]
    streams: int = STREAMS
    version: str = "1.1"
    wrapped: bool = False  # the message format of Flask-SSE


KINDS = (
    Kind("storefront", SHOP),
    Kind("bare asyncio", ASYNCIO),
    Kind("storefront, generator", SHOP, version="1.0"),
    Kind("bare asyncio", ASYNCIO, FEWER),
    Kind("Flask generator, gevent", (*GREENLETS, "benchmarks.peers.queues_app:app"), FEWER),
    Kind("a thread for each page", (*THREADS, "benchmarks.peers.queues_app:app"), FEWER),
    Kind(
        "Flask-SSE, a Redis connection each",
        (*GREENLETS, "benchmarks.peers.flask_sse_app:app"),
        FEWER,
        wrapped=True,
    ),
)


@dataclass(frozen=True, slots=True)
class Pages:
    """What the open pages show, and what changes.

    Attributes:
        products: how many products the pages share, evenly.
        changes: how many changes are published.
        every: seconds between two changes; 0: the next one follows when all pages have the one before.
    """

    name: str
    products: int
    changes: int
    every: float


PAGES = (
    Pages("all on one product", 1, 20, 0.0),
    Pages(f"over {PRODUCTS:,} products, 100 changes a second", PRODUCTS, 1000, 0.01),
)


def run(*, products: int) -> None:  # noqa: ARG001  # every benchmark is called the same
    """Print the tables."""
    with place() as (environ, redis_url):
        redis = Redis.from_url(redis_url)
        environ["PEER_REDIS"] = redis_url
        rows, limit = [], {}
        for kind in KINDS:
            row, p99 = _one_product(kind, environ, redis)
            if kind.name == "bare asyncio":
                limit[kind.streams] = p99
            rows.append((kind, row, p99))
            print(kind.name, *row, file=sys.stderr, flush=True)
        shops.table(
            "All on one product: from publishing to the pages",
            [
                "server",
                "streams",
                "lost",
                "p50 ms",
                "p99 ms",
                "× asyncio (p99)",
                "kB a stream",
                "client busy",
            ],
            [
                [kind.name, f"{kind.streams:,}", *row[:3], f"{p99 / limit[kind.streams]:.2f}", *row[3:]]
                for kind, row, p99 in rows
            ],
        )
        shops.table(
            f"{STREAMS:,} streams beside bare asyncio, in turn, medians of {PAIRS} pairs",
            [
                "pages",
                "server",
                "lost",
                "p50 ms",
                "p99 ms",
                "CPU µs a change",
                "CPU µs a page",
                "client busy",
            ],
            [row for pages in PAGES for row in _pairs(pages, environ, redis)],
        )
        shops.table("User memory of a stream with 24 products", ["server", "kB a stream"], [_lists(environ)])


@contextmanager
def place() -> Iterator[tuple[dict[str, str], str]]:
    """Yield the environment of a shop of 1,000 products without rate limits, and the URL of its Redis."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, max(soft, 4 * STREAMS)), hard))
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="storefront-bench-")))
        redis = embedded.acquire_server(folder / "redis")
        instance = stack.enter_context(shops.empty())
        shops.command(instance, "demo", "--products", str(PRODUCTS), "--seed", "1", "--no-pictures")
        environ = shops.environ(instance) | {
            "STOREFRONT_ENV": "development",
            "STOREFRONT_INSTANCE_DIR": str(instance),
            "REDIS_URL": redis,
            "STOREFRONT_STREAMS_PER_ADDRESS": "100000",
            "STOREFRONT_LIMITS": "off",
            "STOREFRONT_LIMIT_ALLOW": "127.0.0.1",  # all connections are one client's
        }
        yield environ, redis


def _one_product(kind: Kind, environ: dict[str, str], redis: Redis) -> tuple[list[str], float]:
    def wrapped(number: int) -> None:
        redis.publish(CHANNEL, json.dumps({"type": "stock", "data": json.loads(event(number))}))

    query = f"channel={CHANNEL}" if kind.wrapped else "product=1"
    with servers.server(kind.server, environ) as url, listening(url, version=kind.version) as streams:
        begins = None if kind.wrapped else b"snapshot"
        streams.open([query] * 100, wait=begins)
        streams.close()
        _rest(kind, url, environ)
        _, worker = workers(url)
        before = memory(worker)
        streams.open([query] * kind.streams, wait=begins)
        while kind.wrapped and redis.pubsub_numsub(CHANNEL)[0][1] < kind.streams:
            time.sleep(0.1)
        servers.settle(url)
        size = (memory(worker) - before) / kind.streams / 1024
        heard = streams.fan_out(wrapped if kind.wrapped else publisher(redis), 20, kind.streams)
    figures = [
        str(heard.lost),
        f"{heard.at(50):.1f}",
        f"{heard.at(99):.1f}",
        f"{size:.1f}",
        f"{heard.busy:.0%}",
    ]
    return figures, heard.at(99)


def _pairs(pages: Pages, environ: dict[str, str], redis: Redis) -> Iterator[list[str]]:
    """Yield a row for the shop, one for bare asyncio, and one with the medians of what each pair has for a ratio."""
    pairs = [
        [_figures(pages, kind, environ, redis) for kind in KINDS[:2]]  # in turn: A B A B
        for _ in range(PAIRS)
    ]
    for kind, seen in zip(KINDS[:2], zip(*pairs, strict=True), strict=True):
        lost, p50, p99, change, page, busy = (statistics.median(column) for column in zip(*seen, strict=True))
        times = (f"{p50:.2f}", f"{p99:.2f}", f"{change:.0f}", f"{page:.1f}", f"{busy:.0%}")
        yield [pages.name, kind.name, f"{lost:.0f}", *times]
    ratios = [
        [ours / theirs for ours, theirs in zip(shop[1:5], bare[1:5], strict=True)] for shop, bare in pairs
    ]
    medians = (f"{statistics.median(column):.2f} ×" for column in zip(*ratios, strict=True))
    yield [pages.name, "ratio", "", *medians, ""]


def _figures(pages: Pages, kind: Kind, environ: dict[str, str], redis: Redis) -> tuple[float, ...]:
    """Return the lost events, p50 and p99 in ms, CPU in µs a change and a page, and the client's CPU use."""
    each = STREAMS // pages.products
    with servers.server(kind.server, environ) as url, listening(url) as streams:
        streams.open([f"product={number % pages.products + 1}" for number in range(STREAMS)])
        _rest(kind, url, environ)
        used = servers.cpu_time(url)
        heard = streams.fan_out(publisher(redis, pages.products), pages.changes, each, every=pages.every)
        change = (servers.cpu_time(url) - used) / pages.changes
    return heard.lost, heard.at(50), heard.at(99), change, change / each, heard.busy


def _rest(kind: Kind, url: str, environ: dict[str, str]) -> None:
    """Wait until the server only holds its streams: a shop that has just started fills its cache."""
    if kind.server is SHOP:
        shops.wait_until_warm(environ["REDIS_URL"])
    servers.settle(url)


def _lists(environ: dict[str, str]) -> list[str]:
    pages = [
        "&".join(f"product={(24 * page + place) % PRODUCTS + 1}" for place in range(24))
        for page in range(STREAMS)
    ]
    with servers.server(SHOP, environ) as url, listening(url) as streams:
        streams.open(pages[:100])
        streams.close()
        servers.settle(url)
        _, worker = workers(url)
        before = memory(worker)
        streams.open(pages)
        servers.settle(url)
        return ["storefront", f"{(memory(worker) - before) / STREAMS / 1024:.1f}"]
