"""Cached pages compared with other ways to build them: all servers run at once, one core each, measured in turns."""

from __future__ import annotations

import statistics
import tempfile
import urllib.request
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path

from benchmarks import servers, shops
from benchmarks.servers import BIND, CONFIGURED, GUNICORN, Load
from storefront.redis_roles import embedded

ROUNDS = 5


def run(*, products: int) -> None:  # noqa: ARG001  # every benchmark is called the same
    """Print a table: pages per second of one worker on one core, and the ratios to the peers."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="storefront-bench-")))
        redis = embedded.acquire_server(folder / "redis")
        shop = served(stack, redis, STOREFRONT_LIMIT_BROWSE="100000000/minute")
        slug = first_product(shop)
        body = folder / "body"
        body.write_bytes(get(f"{shop}/products/{slug}", encoding="br"))
        peer = {"PEER_BODY": str(body), "PEER_REDIS": redis}
        urls = {"storefront, product": f"{shop}/products/{slug}", "storefront, list": f"{shop}/products"}
        for name, module in (
            ("(a) thinnest Flask view", "thin"),
            ("(b) bare WSGI", "bare"),
            ("(c) Flask-Caching, -Limiter, -Session", "flask_caching_app"),
        ):
            base = stack.enter_context(
                servers.server([*GUNICORN, *BIND, f"benchmarks.peers.{module}:app"], peer)
            )
            urls[name] = f"{base}/products/{slug}"
        urls["(d) FastAPI, naive"] = f"{naive(stack, peer)}/products/{slug}"
        plain = folder / "plain"
        plain.write_bytes(get(f"{shop}/products/{slug}"))
        command = [*GUNICORN, *BIND, "benchmarks.peers.bare:app"]
        base = stack.enter_context(servers.server(command, peer | {"PEER_BODY": str(plain)}))
        plain_urls = {
            "storefront, product": urls["storefront, product"],
            "(b) bare WSGI": f"{base}/products/{slug}",
        }
        seen, size = in_turns(urls), body.stat().st_size
        uncompressed, plain_size = in_turns(plain_urls, encoding="identity"), plain.stat().st_size
    thin, bare = seen["(a) thinnest Flask view"], seen["(b) bare WSGI"]
    assembled = seen["(c) Flask-Caching, -Limiter, -Session"]
    shops.table(
        f"A cached page of {size:,} bytes, one worker on one core, 16 connections, median of {ROUNDS} rounds",
        ["server", "requests/s", "p99 ms", "CPU µs", "× (a)", "× (b)", "× (c)", "CPU: (b) ÷ this"],
        [
            [
                name,
                f"{found.rate:,.0f}",
                f"{found.p99:.1f}",
                f"{found.cpu:.0f}",
                f"{found.rate / thin.rate:.2f}",
                f"{found.rate / bare.rate:.2f}",
                f"{found.rate / assembled.rate:.2f}",
                f"{bare.cpu / found.cpu:.2f}",
            ]
            for name, found in seen.items()
        ],
    )
    bare = uncompressed["(b) bare WSGI"]
    shops.table(
        f"The same page without compression, {plain_size:,} bytes",
        ["server", "requests/s", "p99 ms", "CPU µs", "× (b)", "CPU: (b) ÷ this"],
        [
            [
                name,
                f"{found.rate:,.0f}",
                f"{found.p99:.1f}",
                f"{found.cpu:.0f}",
                f"{found.rate / bare.rate:.2f}",
                f"{bare.cpu / found.cpu:.2f}",
            ]
            for name, found in uncompressed.items()
        ],
    )


def served(stack: ExitStack, redis: str, **environ: str) -> str:
    """Serve a shop of 1,000 products with one worker on this Redis; return its URL."""
    instance = stack.enter_context(shops.empty())
    shops.command(instance, "demo", "--products", "1000", "--seed", "1", "--no-pictures")
    about = {"STOREFRONT_ENV": "development", "REDIS_URL": redis, "STOREFRONT_INSTANCE_DIR": str(instance)}
    command = [*CONFIGURED, *BIND, "wsgi:app"]
    return stack.enter_context(servers.server(command, shops.environ(instance) | about | environ))


def naive(stack: ExitStack, peer: dict[str, str]) -> str:
    """Serve the naive service (d) on uvicorn; return its URL."""
    command = ["-m", "uvicorn", "--port", "{port}", "--log-level", "warning", "benchmarks.peers.naive:app"]
    return stack.enter_context(servers.server(command, peer))


def in_turns(
    urls: dict[str, str], scripts: Mapping[str, Path] | None = None, *, encoding: str = "br"
) -> dict[str, Load]:
    """Load each URL in turn, ROUNDS times; return the medians of each."""
    seen: dict[str, list[Load]] = {name: [] for name in urls}
    for _ in range(ROUNDS):
        for name, url in urls.items():
            seen[name].append(servers.load(url, script=(scripts or {}).get(name), encoding=encoding))
    return {
        name: Load(*(statistics.median(getattr(x, what) for x in loads) for what in ("rate", "p99", "cpu")))
        for name, loads in seen.items()
    }


def first_product(shop: str) -> str:
    page = get(f"{shop}/products").decode()
    return page.split('href="/products/', 1)[1].split('"', 1)[0].split("?", 1)[0]


def get(url: str, encoding: str = "identity") -> bytes:
    wanted = urllib.request.Request(url, headers={"Accept-Encoding": encoding})
    with urllib.request.urlopen(wanted, timeout=10) as response:
        return bytes(response.read())
