"""One builder (single-flight): many readers of a missing or expired entry cost one read of the source."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Iterator
from importlib import import_module
from typing import Literal

import pytest
from redis import BlockingConnectionPool, Redis

from storefront import cache
from storefront.cache.keys import CacheEntry
from storefront.cache.state import cache_state
from storefront.cache.store import CacheStore
from storefront.shop_cache.keys import PRODUCT_LIST
from tests.cache.workers import WorkerPool, bare_app, worker_pool
from tests.processes import eventually

pytestmark = pytest.mark.slow

PROCESSES, THREADS = 4, 125
READERS = PROCESSES * THREADS
PATIENCE = 30.0  # seconds for which a build waits for the other readers; less than they wait for the build
Awaited = Literal["asked", "answered"]


class Readers:
    """Readers in threads of one process. A build ends only after all readers in all processes have asked.

    Time-outs are longer than in the shop, since 500 threads on a busy machine would give up a healthy Redis.
    """

    def __init__(self, redis_url: str, prefix: str) -> None:
        import_module("storefront.redis_roles.clients").TIMEOUT = 10.0
        import_module("storefront.cache.store").MAX_WAIT = 45.0
        import_module("storefront.cache.l2").LEASE_MS = 45_000
        self.app = bare_app(redis_url, prefix)
        self.app.app_context().push()
        self.prefix = prefix
        self.redis: Redis = Redis.from_pool(BlockingConnectionPool.from_url(redis_url, max_connections=8))

    def read_at_once(self, key: str, awaited: Awaited = "asked") -> list[int]:
        """Read the key in all threads at once; return the answers."""
        answers: list[int] = []
        gate = threading.Barrier(THREADS)

        def read() -> None:
            with self.app.app_context():
                gate.wait()
                self.redis.incr(f"{self.prefix}:asked:{key}")
                answers.append(self.read(key, awaited))
                self.redis.incr(f"{self.prefix}:answered:{key}")

        threads = [threading.Thread(target=read) for _ in range(THREADS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return answers

    def read(self, key: str, awaited: Awaited | None = None) -> int:
        return cache.fetch(entry(key), int, lambda: self.build(key, awaited))

    def build(self, key: str, awaited: Awaited | None) -> int:
        version = int(self.redis.incr(f"{self.prefix}:built:{key}"))
        if awaited:
            others = f"{self.prefix}:{awaited}:{key}"
            eventually(lambda: int(self.redis.get(others) or 0) >= READERS - 1, seconds=PATIENCE)
        return version


def entry(key: str) -> CacheEntry:
    return CacheEntry("readers", key, PRODUCT_LIST)


@pytest.fixture(scope="module")
def prefix() -> str:
    return f"test-{uuid.uuid4().hex}"


@pytest.fixture(scope="module")
def readers(redis_url: str, prefix: str) -> Iterator[WorkerPool]:
    with worker_pool(PROCESSES, Readers, redis_url, prefix) as members:
        yield members


def built(redis_url: str, prefix: str, key: str) -> int:
    return int(Redis.from_url(redis_url).get(f"{prefix}:built:{key}") or 0)


def test_500_readers_of_a_cold_key_cost_one_build(readers: WorkerPool, redis_url: str, prefix: str) -> None:
    answers = [answer for member in readers.call_all("read_at_once", "cold") for answer in member]
    assert answers == [1] * READERS
    assert built(redis_url, prefix, "cold") == 1


def test_500_readers_of_an_expired_key_get_the_stale_value(
    readers: WorkerPool, redis_url: str, prefix: str
) -> None:
    readers.call(0, "read", "old")
    age(redis_url, prefix)
    answers = [answer for member in readers.call_all("read_at_once", "old", "answered") for answer in member]
    assert built(redis_url, prefix, "old") == 2
    assert sorted(answers) == [1] * (READERS - 1) + [2], "all but the builder are answered the old value"


def test_500_readers_of_an_invalidated_key_cost_one_build(
    readers: WorkerPool, redis_url: str, prefix: str
) -> None:
    readers.call(0, "read", "dropped")
    with bare_app(redis_url, prefix).app_context() as context:
        store: CacheStore = cache_state.get(context.app).store
        store.l2.tag_times.invalidate(["everything"])
    answers = [answer for member in readers.call_all("read_at_once", "dropped") for answer in member]
    assert answers == [2] * READERS
    assert built(redis_url, prefix, "dropped") == 2


def test_another_builder_takes_over_after_a_failed_build(
    readers: WorkerPool, redis_url: str, prefix: str
) -> None:
    with bare_app(redis_url, prefix).app_context() as context:
        store: CacheStore = cache_state.get(context.app).store
        with pytest.raises(ZeroDivisionError):
            cache.fetch(entry("failing"), int, lambda: 1 // 0)
        assert store.counters.total["product_list", "miss"] == 1
    answers = [answer for member in readers.call_all("read_at_once", "failing") for answer in member]
    assert answers == [1] * READERS


def age(redis_url: str, prefix: str) -> None:
    """Let the soft TTL of every entry be over."""
    redis: Redis = Redis.from_url(redis_url)
    for name in redis.scan_iter(f"{prefix}:{{c0}}:readers*"):
        redis.hset(name, "soft", 1)
