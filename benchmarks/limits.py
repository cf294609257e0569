"""The cost of rate limits: compared with Flask-Limiter in the simplest view, and for a cached page of the shop."""

from __future__ import annotations

import os
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

from flask import Flask, Response

from benchmarks import servers, shops
from benchmarks.pages import first_product, get, in_turns
from benchmarks.peers import flask_limiter_app
from benchmarks.servers import BIND, CONFIGURED, GUNICORN
from storefront.redis_roles import embedded

CALLS, WARM = 5000, 300
NAMES = {
    "none": "no limits",
    "flask-limiter": "Flask-Limiter",
    "exact": "storefront, exact",
    "near": "storefront, far from its one limit",
    "refused": "storefront, a refused client",
}


def run(*, products: int) -> None:  # noqa: ARG001  # every benchmark is called the same
    """Print three tables: one decision, the simplest view under two limits, and a cached page."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="storefront-bench-")))
        redis = embedded.acquire_server(folder / "redis")
        _decisions(redis)
        _served(stack, redis)
        _pages(stack, redis, folder)


def _decisions(redis: str) -> None:
    rows = []
    for whose, name in NAMES.items():
        rows.append([name, *_microseconds(flask_limiter_app.make(whose, redis))])
    base, peer = (float(rows[place][1]) for place in (0, 1))
    for row in rows[1:]:
        row += [f"{float(row[1]) - base:.0f}", f"{(peer - base) / (float(row[1]) - base):.1f}"]
    rows[0] += ["", ""]
    shops.table(
        f"The hooks of one request under two limits, {CALLS:,} in a row, Redis on a unix socket",
        ["limits", "median µs", "p99 µs", "µs added", "times as fast as Flask-Limiter"],
        rows,
    )


def _microseconds(app: Flask) -> list[str]:
    os.sched_setaffinity(0, {0})  # Redis has the other core
    took = []
    for _ in range(CALLS + WARM):
        # A JSON client gets problem details. The HTML page would need the whole shop.
        about = {"environ_base": {"REMOTE_ADDR": "192.0.2.1"}, "headers": {"Accept": "application/json"}}
        with app.test_request_context("/page", **about):
            began = time.perf_counter_ns()
            app.preprocess_request()
            app.process_response(Response())
            took.append(time.perf_counter_ns() - began)
    took = sorted(took[WARM:])
    return [f"{took[CALLS // 2] / 1000:.1f}", f"{took[CALLS * 99 // 100] / 1000:.1f}"]


def _served(stack: ExitStack, redis: str) -> None:
    urls = {}
    for whose, name in list(NAMES.items())[:4]:  # a refused client gets a different page
        environ = {"PEER_REDIS": redis, "PEER_LIMITS": whose, "HOME": os.environ.get("HOME", "/")}
        base = stack.enter_context(
            servers.server([*GUNICORN, *BIND, "benchmarks.peers.flask_limiter_app:app"], environ)
        )
        urls[name] = f"{base}/page"
    seen = in_turns(urls)
    bare, peer = 1e6 / seen["no limits"].rate, seen["Flask-Limiter"].rate
    shops.table(
        "The thinnest Flask view under two limits, one worker on one core, 16 connections",
        ["limits", "requests/s", "p99 ms", "µs added", "× Flask-Limiter"],
        [
            [
                name,
                f"{load.rate:,.0f}",
                f"{load.p99:.1f}",
                f"{1e6 / load.rate - bare:.0f}",
                f"{load.rate / peer:.2f}",
            ]
            for name, load in seen.items()
        ],
    )


def _pages(stack: ExitStack, redis: str, folder: Path) -> None:
    instance = stack.enter_context(shops.empty())
    shops.command(instance, "demo", "--products", "1000", "--seed", "1", "--no-pictures")
    environ = shops.environ(instance) | {"STOREFRONT_ENV": "development", "REDIS_URL": redis}
    environ |= {"STOREFRONT_INSTANCE_DIR": str(instance), "STOREFRONT_LIMIT_BROWSE": flask_limiter_app.MANY}
    urls = {}
    for name, more in (("limits off", {"STOREFRONT_LIMITS": "off"}), ("limits on", {})):
        more |= {"STOREFRONT_CACHE_PREFIX": name.replace(" ", "-")}
        base = stack.enter_context(servers.server([*CONFIGURED, *BIND, "wsgi:app"], environ | more))
        urls[name] = f"{base}/products/{first_product(base)}"
    body = folder / "body"
    body.write_bytes(get(urls["limits on"], encoding="br"))
    peer = {"PEER_BODY": str(body), "PEER_REDIS": redis, "HOME": os.environ.get("HOME", "/")}
    for whose, name in (
        ("none", "a Flask view of these bytes"),
        ("flask-limiter", "the same with Flask-Limiter"),
    ):
        command = [*GUNICORN, *BIND, "benchmarks.peers.flask_limiter_app:app"]
        base = stack.enter_context(servers.server(command, peer | {"PEER_LIMITS": whose}))
        urls[name] = f"{base}/products/x"
    seen = in_turns(urls)
    off, limiter = seen["limits off"], seen["the same with Flask-Limiter"]
    shops.table(
        "What a shopper's page costs: a product's page that the worker holds, beside a view that returns its bytes",
        ["", "requests/s", "p99 ms", "CPU µs", "CPU µs added", "× Flask-Limiter"],
        [
            [
                name,
                f"{load.rate:,.0f}",
                f"{load.p99:.1f}",
                f"{load.cpu:.0f}",
                f"{load.cpu - off.cpu:.0f}",
                f"{load.rate / limiter.rate:.2f}",
            ]
            for name, load in seen.items()
        ],
    )
