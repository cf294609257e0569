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
BARE = "(b) bare WSGI"


def run(*, products: int) -> None:  # noqa: ARG001  # every benchmark is called the same
    """Print a table: pages per second of one worker on one core, and the ratios to the peers."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="storefront-bench-")))
        redis = embedded.acquire_server(folder / "redis")
        shop = served(stack, redis, STOREFRONT_LIMIT_BROWSE="100000000/minute")
        slug = first_product(shop)
        ours = {"storefront, product": f"{shop}/products/{slug}", "storefront, list": f"{shop}/products"}
        bodies = Bodies(folder, redis)
        urls, peer = dict(ours), bodies.store(ours["storefront, product"], "br")
        for name, module in (
            ("(a) thinnest Flask view", "thin"),
            (BARE, "bare"),
            ("(c) Flask-Caching, -Limiter, -Session", "flask_caching_app"),
        ):
            urls[name] = f"{_peer(stack, module, peer)}/products/{slug}"
        urls["(d) FastAPI, naive"] = f"{naive(stack, peer)}/products/{slug}"
        plain_urls = ours | {
            f"(b) bare WSGI, {what}": f"{_peer(stack, 'bare', bodies.store(ours[f'storefront, {what}']))}/{what}"
            for what in ("product", "list")
        }
        for url in {**urls, **plain_urls}.values():
            servers.settle(url)
        seen, uncompressed = in_turns(urls), in_turns(plain_urls, encoding="identity")
    _print_compressed(seen, bodies.sizes[ours["storefront, product"], "br"])
    _print_uncompressed(
        uncompressed,
        {what: bodies.sizes[ours[f"storefront, {what}"], "identity"] for what in ("product", "list")},
    )


class Bodies:
    """Bodies of the shop in files, which the peers answer.

    Attributes:
        sizes: bytes of each, by URL and encoding.
    """

    def __init__(self, folder: Path, redis: str) -> None:
        self._folder, self._redis = folder, redis
        self.sizes: dict[tuple[str, str], int] = {}

    def store(self, url: str, encoding: str = "identity") -> dict[str, str]:
        """Store the body that the shop answers under this URL; return the environment of a peer with it."""
        path, body = self._folder / f"body-{len(self.sizes)}", get(url, encoding)
        path.write_bytes(body)
        self.sizes[url, encoding] = len(body)
        return {"PEER_BODY": str(path), "PEER_REDIS": self._redis}


def _peer(stack: ExitStack, module: str, environ: dict[str, str]) -> str:
    """Serve a peer on gunicorn; return its URL."""
    return stack.enter_context(servers.server([*GUNICORN, *BIND, f"benchmarks.peers.{module}:app"], environ))


def _print_compressed(seen: dict[str, Load], size: int) -> None:
    thin, bare, assembled = (seen[name] for name in list(seen)[2:5])
    shops.table(
        f"A cached page of {size:,} bytes, one worker on one core, 16 connections, median of {ROUNDS} rounds",
        ["server", "requests/s", "p99 ms", "CPU µs", "× (a)", "× (b)", "× (c)", "CPU: (b) ÷ this"],
        [
            [
                name,
                *_figures(found),
                f"{found.rate / thin.rate:.2f}",
                f"{found.rate / bare.rate:.2f}",
                f"{found.rate / assembled.rate:.2f}",
                f"{bare.cpu / found.cpu:.2f}",
            ]
            for name, found in seen.items()
        ],
    )


def _print_uncompressed(seen: dict[str, Load], sizes: dict[str, int]) -> None:
    rows = []
    for name, found in seen.items():
        what = name.rsplit(", ", 1)[1]
        bare = seen[f"(b) bare WSGI, {what}"]
        ratios = (f"{found.rate / bare.rate:.2f}", f"{bare.cpu / found.cpu:.2f}")
        rows.append([name, f"{sizes[what]:,}", *_figures(found), *ratios])
    shops.table(
        "The same pages without compression",
        ["server", "bytes", "requests/s", "p99 ms", "CPU µs", "× (b)", "CPU: (b) ÷ this"],
        rows,
    )


def _figures(found: Load) -> tuple[str, str, str]:
    return f"{found.rate:,.0f}", f"{found.p99:.1f}", f"{found.cpu:.0f}"


def served(stack: ExitStack, redis: str, **environ: str) -> str:
    """Serve a shop of 1,000 products with one worker on this Redis; return its URL when its cache is filled."""
    instance = stack.enter_context(shops.empty())
    shops.command(instance, "demo", "--products", "1000", "--seed", "1", "--no-pictures")
    about = {"STOREFRONT_ENV": "development", "REDIS_URL": redis, "STOREFRONT_INSTANCE_DIR": str(instance)}
    command = [*CONFIGURED, *BIND, "wsgi:app"]
    url = stack.enter_context(servers.server(command, shops.environ(instance) | about | environ))
    shops.wait_until_warm(redis)
    return url


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
