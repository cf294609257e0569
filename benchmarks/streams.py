"""Open streams in one worker: how long a change takes to all of them, beside a bare asyncio fan-out."""

from __future__ import annotations

import resource
import select
import socket
import statistics
import tempfile
import time
import urllib.request
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import msgspec
import psutil
from redis import Redis

from benchmarks import serving, shops
from benchmarks.serving import CONFIGURED, GUNICORN
from storefront.redis_roles import embedded

STREAMS = 10_000
EVENTS = 20


def run(*, products: int) -> None:  # noqa: ARG001  # every benchmark is called the same
    """Print the table."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, max(soft, 4 * STREAMS)), hard))
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="storefront-bench-")))
        redis = embedded.join(folder / "redis")
        instance = stack.enter_context(shops.empty())
        shops.command(instance, "demo", "--products", "1000", "--seed", "1", "--no-pictures")
        environ = shops.environ(instance) | {
            "STOREFRONT_ENV": "development", "STOREFRONT_INSTANCE_DIR": str(instance), "REDIS_URL": redis,
            "STOREFRONT_STREAMS_PER_ADDRESS": "100000", "STOREFRONT_LIMITS": "off",
        }  # fmt: skip
        rows = []
        for name, arguments, settings in (
            ("storefront", [*GUNICORN, "--bind", "127.0.0.1:{port}", *CONFIGURED, "wsgi:app"], environ),
            ("bare asyncio", ["benchmarks/peers/fanout.py", "{port}"], {"PEER_REDIS": redis}),
        ):
            with serving.server(arguments, settings) as url:
                rows.append([name, *_measure(url, Redis.from_url(redis))])
    ratio = float(rows[0][3]) / float(rows[1][3])
    shops.table(
        f"{STREAMS:,} streams on one product, one worker on one core (p99 is {ratio:.2f} × that of bare asyncio)",
        ["server", "streams lost", "p50 ms", "p99 ms", "kB a stream"],
        rows,
    )


def _measure(url: str, redis: Redis) -> list[str]:
    address = urlsplit(url)
    port = address.port or 80
    before = _memory(port)
    epoll, sockets = select.epoll(), {}
    for _ in range(STREAMS):
        one = socket.create_connection(("127.0.0.1", port), timeout=30)
        one.sendall(f"GET /stock/stream?product=1 HTTP/1.1\r\nHost: {address.netloc}\r\n\r\n".encode())
        while b"snapshot" not in one.recv(4096):
            pass
        one.setblocking(False)
        epoll.register(one.fileno(), select.EPOLLIN)
        sockets[one.fileno()] = one
    used = (_memory(port) - before) / STREAMS / 1024
    times: list[float] = []
    heard = 0
    for version in range(1000, 1000 + EVENTS):
        band, left = ("low", 3) if version % 2 else ("out", 0)
        event = {"product_id": 1, "stock": left, "timestamp": time.time(), "sku": "BENCH", "sku_stock": left}
        _drain(epoll, sockets)
        began = time.perf_counter()
        redis.publish("stock:updates", msgspec.json.encode(event | {"band": band, "version": version}))
        waiting = len(sockets)
        while waiting and time.perf_counter() - began < 10:
            for fd, _ in epoll.poll(1):
                if b"BENCH" in sockets[fd].recv(4096):
                    times.append(time.perf_counter() - began)
                    waiting -= 1
        heard += waiting == 0
    for one in sockets.values():
        one.close()
    lost = STREAMS * EVENTS - len(times)
    cuts = statistics.quantiles(times, n=100)
    return [str(lost), f"{cuts[49] * 1e3:.1f}", f"{cuts[98] * 1e3:.1f}", f"{used:.1f}"]


def _drain(epoll: Any, sockets: dict[int, socket.socket]) -> None:
    while ready := epoll.poll(0.05):
        for fd, _ in ready:
            sockets[fd].recv(65536)


def _memory(port: int) -> int:
    """Return the user memory of the server on a port: of the process with the most, its worker."""
    urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=5).close()
    found = [p for p in psutil.process_iter(["cmdline"]) if str(port) in " ".join(p.info["cmdline"] or ())]
    return max(int(p.memory_full_info().uss) for p in found)
