"""Two cache protocols: the shop's, and the usual get, load, setex, delete.

Each is split into steps, so that a test can put another process's steps between them.
"""

from __future__ import annotations

import random
import time
from typing import Any

from redis import Redis

from storefront.cache.keys import CacheEntry
from storefront.cache.l2 import L2, StoredValue
from storefront.cache.state import cache_state
from storefront.cache.store import BuildTicket, CacheHit, CacheStore
from storefront.shop_cache.keys import PRODUCT_DETAIL
from tests.cache.workers import bare_app


class Protocol:
    """The source (in Redis, a number for each key that only grows) and the steps of a protocol."""

    def __init__(self, redis_url: str, prefix: str) -> None:
        self.app = bare_app(redis_url, prefix)
        self.app.app_context().push()
        self.prefix = prefix
        self.redis: Redis = Redis.from_url(redis_url, decode_responses=True)
        self._seen: dict[str, int] = {}

    def steps(self, step: str, keys: list[str]) -> list[Any]:
        """Carry out one step for each of these keys."""
        return [getattr(self, step)(key) for key in keys]

    def read(self, key: str) -> None:
        """Builder: read the source."""
        self._seen[key] = self.source(key)

    def write(self, key: str) -> int:
        """Writer: change the source; return its new version."""
        return int(self.redis.incr(f"{self.prefix}:source:{key}"))

    def source(self, key: str) -> int:
        return int(self.redis.get(f"{self.prefix}:source:{key}") or 0)

    def begin(self, key: str) -> None:
        """Builder: find that the value has to be built."""
        raise NotImplementedError

    def fill(self, key: str) -> None:
        """Builder: store the value."""
        raise NotImplementedError

    def invalidate(self, key: str) -> None:
        """Writer: invalidate the value."""
        raise NotImplementedError

    def answer(self, key: str) -> tuple[int, bool]:
        """Reader: return the version that a reader gets, and whether it came from the cache."""
        raise NotImplementedError

    def roam(self, keys: list[str], operations: int, seed: int) -> tuple[int, int]:
        """Write and read at random; return how many answers came from the cache, and how many were stale."""
        dice, copies, wrong = random.Random(seed), 0, 0
        for _ in range(operations):
            key = dice.choice(keys)
            acknowledged = f"{self.prefix}:acknowledged"
            if dice.random() < 0.25:
                version = self.write(key)
                self.invalidate(key)
                self.redis.zadd(acknowledged, {key: version}, gt=True)
                continue
            least = self.redis.zscore(acknowledged, key) or 0
            version, copy = self.answer(key)
            copies += copy
            wrong += version < least
        return copies, wrong


class Ours(Protocol):
    """The shop's protocol without L1."""

    def __init__(self, redis_url: str, prefix: str) -> None:
        super().__init__(redis_url, prefix)
        self.store: CacheStore = cache_state.get(self.app).store
        self._tickets: dict[str, BuildTicket] = {}

    def begin(self, key: str) -> None:
        ticket = self.store.look_up(_entry(key))
        assert isinstance(ticket, BuildTicket)
        self._tickets[key] = ticket

    def fill(self, key: str) -> None:
        self._fill(self._tickets.pop(key), self._seen.pop(key))

    def invalidate(self, key: str) -> None:
        self.store.l2.tag_times.invalidate([f"tag-{key}"])

    def answer(self, key: str) -> tuple[int, bool]:
        found = self._look_up(key)
        if isinstance(found, CacheHit):
            return int(found.body or b"-1"), True
        version = self.source(key)
        self._fill(found, version)
        return version, False

    def _look_up(self, key: str) -> CacheHit | BuildTicket:
        return self.store.look_up(_entry(key))

    def _fill(self, ticket: BuildTicket, version: int) -> None:
        body = str(version).encode()
        ticket.fill(StoredValue(b"", "etag", {"": body}), [f"tag-{ticket.entry.identity}"], ttl=600)


class Relaxed(Ours):
    """The shop's protocol with relaxed invalidations: an answer may be as old as the grace."""

    GRACE = 0.05  # seconds

    def __init__(self, redis_url: str, prefix: str) -> None:
        super().__init__(redis_url, prefix)
        self.store = CacheStore(L2(prefix, grace=self.GRACE), 1024 * 1024, {})

    def invalidate(self, key: str) -> None:
        self.store.l2.tag_times.invalidate([f"tag-{key}"], "relaxed")
        # When each version became old: with its successor's invalidation.
        self.redis.zadd(f"{self.prefix}:times:{key}", {str(self.source(key)): time.time()}, nx=True)

    def roam(self, keys: list[str], operations: int, seed: int) -> tuple[int, int]:
        """Like the other protocols' `roam`; an answer is wrong that became old longer ago than the grace."""
        dice, copies, wrong = random.Random(seed), 0, 0
        for _ in range(operations):
            key = dice.choice(keys)
            if dice.random() < 0.1:
                self.write(key)
                self.invalidate(key)
                continue
            asked = time.time()
            version, copy = self.answer(key)
            copies += copy
            newer = self.redis.zrange(f"{self.prefix}:times:{key}", 0, -1, withscores=True)
            wrong += any(int(each) > version and at + self.GRACE < asked for each, at in newer)
        return copies, wrong

    def _look_up(self, key: str) -> CacheHit | BuildTicket:
        return self.store.look_up(_entry(key), relaxed=True)


class Naive(Protocol):
    """get, load, setex; delete after the write."""

    def begin(self, key: str) -> None:
        assert self.redis.get(self._copy(key)) is None

    def fill(self, key: str) -> None:
        self.redis.setex(self._copy(key), 600, self._seen.pop(key))

    def invalidate(self, key: str) -> None:
        self.redis.delete(self._copy(key))

    def answer(self, key: str) -> tuple[int, bool]:
        if (found := self.redis.get(self._copy(key))) is not None:
            return int(found), True
        version = self.source(key)
        self.redis.setex(self._copy(key), 600, version)
        return version, False

    def _copy(self, key: str) -> str:
        return f"{self.prefix}:copy:{key}"


def _entry(key: str) -> CacheEntry:
    return CacheEntry("races", key, PRODUCT_DETAIL)
