"""Cached responses of the JSON API compared with a naive FastAPI service, one core each, measured in turns."""

from __future__ import annotations

import tempfile
from contextlib import ExitStack
from pathlib import Path

from benchmarks import shops
from benchmarks.pages import ROUNDS, in_turns, naive, served
from storefront.redis_roles import embedded


def run(*, products: int) -> None:  # noqa: ARG001  # every benchmark is called the same
    """Print a table: responses per second, and the ratio to the naive service."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="storefront-bench-")))
        redis = embedded.acquire_server(folder / "redis")
        shop = served(stack, redis, STOREFRONT_LIMIT_API="100000000/minute")
        peer = naive(stack, {"PEER_REDIS": redis})
        seen = in_turns(
            {
                "storefront, product": f"{shop}/api/v1/products/1",
                "storefront, list of 24": f"{shop}/api/v1/products",
                "(d) FastAPI, naive, product": f"{peer}/products/1",
                "(d) FastAPI, naive, list of 24": f"{peer}/products",
            }
        )
    rows = []
    for name, found in seen.items():
        like = seen[f"(d) FastAPI, naive, {name.rsplit(', ', 1)[1]}"]
        rows.append([name, f"{found.rate:,.0f}", f"{found.p99:.1f}", f"{found.rate / like.rate:.2f}"])
    shops.table(
        f"Cached answers of the API, one worker on one core, 16 connections, median of {ROUNDS} rounds",
        ["server", "requests/s", "p99 ms", "× the same of (d)"],
        rows,
    )
