"""Behaviour with very many open streams: pages, disconnects, slow readers, loss of Redis, worker restarts."""

from __future__ import annotations

import os
import signal
import statistics
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from redis import Redis

from benchmarks import pages, returns, servers, shops
from benchmarks.listeners import Listeners, event, listening, memory, metric, publisher, workers
from benchmarks.streams import PRODUCTS, SHOP, STREAMS, place

LAZY, MESSAGES = 20, 60_000
BESIDE = 5_000
ROUNDS = 3


def run(*, products: int) -> None:  # noqa: ARG001  # every benchmark is called the same
    """Print the tables."""
    with place() as (environ, redis_url):
        redis = Redis.from_url(redis_url)
        rows = [
            _left(environ),
            *_ended(environ),
            _beside(environ, redis),
            *_lazy(environ, redis),
            *returns.rows(environ),
        ]
        shops.table("While streams are open, one worker on one core", ["what", "seen"], rows)


def _left(environ: dict[str, str]) -> list[str]:
    with servers.server(SHOP, environ) as url, listening(url) as streams:
        streams.open(["product=1"] * STREAMS)
        began = time.perf_counter()
        streams.close(1000)
        while metric(url, "storefront_stock_streams") > STREAMS - 1000:
            time.sleep(0.02)
        return [f"1,000 of {STREAMS:,} leave: noticed after", f"{time.perf_counter() - began:.2f} s"]


def _ended(environ: dict[str, str]) -> Iterator[list[str]]:
    for name, number in (("SIGTERM to the worker", signal.SIGTERM), ("HUP to the master", signal.SIGHUP)):
        with servers.server(SHOP, environ) as url, listening(url) as streams:
            streams.open(["product=1"] * STREAMS)
            for _ in streams.hear(0.2):
                pass
            master, worker = workers(url)
            last: dict[int, bytes] = {}
            began = time.perf_counter()
            os.kill((worker if number == signal.SIGTERM else master).pid, number)
            told = 0
            while streams.sockets:
                for fd, said in streams.hear(1.0):
                    told += not said and b"retry: " in last.get(fd, b"")
                    last[fd] = said
            took = time.perf_counter() - began
            worker.wait(timeout=30)
            gone = time.perf_counter() - began
        seen = f"{took:.2f} s, {told:,} with a retry; the worker has ended after {gone:.2f} s"
        yield [f"{name}: {STREAMS:,} streams ended after", seen]


def _beside(environ: dict[str, str], redis: Redis) -> list[str]:
    with servers.server(SHOP, environ) as url, listening(url) as streams:
        page = f"{url}/products/{pages.first_product(url)}"
        servers.load(page, seconds=2)
        without, beside = [], []
        for _ in range(ROUNDS):
            without.append(servers.load(page).p99)
            streams.open([f"product={number % PRODUCTS + 1}" for number in range(BESIDE)])
            with published(streams, publisher(redis, PRODUCTS), every=0.02):
                beside.append(servers.load(page).p99)
            streams.close()
            time.sleep(0.5)
    plain, busy = statistics.median(without), statistics.median(beside)
    seen = f"{busy:.1f} ms; without {plain:.1f} ms: {busy / plain:.2f} ×"
    return [f"p99 of a cached page beside {BESIDE:,} streams and 50 changes a second", seen]


@contextmanager
def published(streams: Listeners, publish: Callable[[int], None], *, every: float) -> Iterator[None]:
    """Publish at this interval and read the streams until the block ends."""
    ended = threading.Event()

    def work() -> None:
        number = 0
        while not ended.wait(every):
            publish(number)
            number += 1
            for _ in streams.hear(0):
                pass

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def _lazy(environ: dict[str, str], redis: Redis) -> Iterator[list[str]]:
    with servers.server(SHOP, environ) as url, listening(url, buffer=4096) as lazy, listening(url) as reader:
        lazy.open(["product=1"] * LAZY)
        reader.open(["product=1"])
        time.sleep(1)
        _, worker = workers(url)
        used, in_redis, most = memory(worker), int(redis.info("memory")["used_memory"]), 0
        for start in range(0, MESSAGES, 100):
            with redis.pipeline(transaction=False) as pipe:
                for number in range(start, start + 100):
                    pipe.publish("stock:updates", event(number % 2, version=number + 2))
                pipe.execute()
            if start % 1000 == 0:
                most = max(most, int(redis.info("memory")["used_memory"]))
        while any(said for _, said in reader.hear(1.0)):
            pass
        more = (memory(worker) - used) / 1024, (most - in_redis) / 1024
    yield [f"{LAZY} clients that never read, {MESSAGES:,} messages: the worker", f"{more[0]:+.0f} kB"]
    yield ["… and Redis, at most", f"{more[1]:+.0f} kB"]
