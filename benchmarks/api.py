"""Cached answers of the JSON API beside the naive FastAPI service: one core each, measured in turns."""

from __future__ import annotations

import tempfile
from contextlib import ExitStack
from pathlib import Path

from benchmarks import serving, shops
from benchmarks.pages import bind, in_turns
from benchmarks.serving import CONFIGURED
from storefront.redis_roles import embedded


def run(*, products: int) -> None:  # noqa: ARG001  # every benchmark is called the same
    """Print the table: answers per second, and how they compare with the naive service's."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="storefront-bench-")))
        redis = embedded.join(folder / "redis")
        instance = stack.enter_context(shops.empty())
        shops.command(instance, "demo", "--products", "1000", "--seed", "1", "--no-pictures")
        environ = shops.environ(instance) | {"STOREFRONT_ENV": "development", "REDIS_URL": redis}
        environ |= {"STOREFRONT_INSTANCE_DIR": str(instance), "STOREFRONT_LIMIT_API": "100000000/minute"}
        shop = stack.enter_context(serving.server([*bind(), *CONFIGURED, "wsgi:app"], environ))
        naive = ["-m", "uvicorn", "--port", "{port}", "--log-level", "warning", "benchmarks.peers.naive:app"]
        peer = stack.enter_context(serving.server(naive, {"PEER_REDIS": redis}))
        seen = in_turns({
            "storefront, product": f"{shop}/api/v1/products/1",
            "storefront, list of 24": f"{shop}/api/v1/products",
            "(d) FastAPI, naive, product": f"{peer}/products/1",
            "(d) FastAPI, naive, list of 24": f"{peer}/products",
        })  # fmt: skip
    rows = []
    for name, found in seen.items():
        like = seen[f"(d) FastAPI, naive, {name.rsplit(', ', 1)[1]}"]
        rows.append([name, f"{found.rate:,.0f}", f"{found.p99:.1f}", f"{found.rate / like.rate:.2f}"])
    shops.table(
        "Cached answers of the API, one worker on one core, 16 connections, median of 3 rounds",
        ["server", "requests/s", "p99 ms", "× the same of (d)"],
        rows,
    )
