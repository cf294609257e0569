"""What all processes together did with the cache: sent to Redis every few seconds, read for the last hour."""

from __future__ import annotations

import logging
import time
from collections import Counter, deque
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

import msgspec
from flask import Flask

from storefront import redis_roles
from storefront.cache.store import CacheStore
from storefront.periodic import PeriodicTask
from storefront.redis_roles import RedisUnavailable, Role

log = logging.getLogger(__name__)

INTERVAL = 2.0  # seconds
RETENTION = 2 * 3600  # seconds that a minute's counts are kept
MAX_POPULAR = 1000
POPULAR_HOURS = 24  # for which it is known what was asked for
HITS = ("hit_local", "hit_shared", "hit_stale", "not_modified")


@dataclass(slots=True)
class LastHour:
    """The last hour: events by kind, by minute, the most asked for addresses, and the last invalidations."""

    events: dict[str, Counter[str]] = field(default_factory=dict)
    minutes: list[Counter[str]] = field(default_factory=list)  # the oldest first, 60 of them
    popular: list[tuple[str, int]] = field(default_factory=list)
    invalidations: list[dict[str, Any]] = field(default_factory=list)


def compute_hit_rate(events: Counter[str]) -> float | None:
    """Return the share of look-ups that were answered without building, 0 to 1; None if there were none."""
    hits = sum(events[name] for name in HITS)
    asked = hits + events["miss"] + events["alone"] + events["away"]
    return hits / asked if asked else None


def compute_percentile(events: Counter[str], what: str, share: float) -> float | None:
    """Return the upper bound in milliseconds under which this share of the timings of `what` lies."""
    bounds = sorted((float(n.split("<=")[1]), c) for n, c in events.items() if n.startswith(f"{what}<="))
    total, seen = sum(count for _, count in bounds), 0
    for bound, count in bounds:
        seen += count
        if seen >= share * total:
            return bound
    return None


class Invalidation(NamedTuple):
    """One invalidation, for the list on /ops/cache."""

    at: datetime
    cause: str
    tags: list[str]
    hard: bool


class HitRateReporter:
    """Sends this process's counts to Redis, from a thread of its own."""

    def __init__(self, app: Flask, store: CacheStore) -> None:
        self._store = store
        self._prefix = app.config["CACHE_PREFIX"]
        self._invalidations: deque[Invalidation] = deque(maxlen=50)
        self.task = PeriodicTask("cache-reporter", self.report, INTERVAL, app=app)

    def record_invalidation(self, invalidation: Invalidation) -> None:
        """Remember an invalidation until it is sent; only the last 50."""
        self._invalidations.append(invalidation)

    def send(self) -> None:
        """Send what came since the last time; what cannot be sent now is sent the next time."""
        news = self._store.counters.take_new()
        hot = self._store.counters.take_popular()
        dropped = self._invalidations
        told = [dropped.popleft() for _ in range(len(dropped))]
        if not news and not hot and not told:
            return
        minute = f"{self._prefix}:stats:{int(time.time() // 60)}"
        hottest = _popular_key(self._prefix, int(time.time() // 3600))

        def write(client: Any) -> None:
            with client.pipeline(transaction=False) as pipe:
                for (kind, event), number in news.items():
                    pipe.hincrby(minute, f"{kind}:{event}", number)
                pipe.expire(minute, RETENTION)
                for address, number in hot.items():
                    pipe.zincrby(hottest, number, address)
                if hot:
                    pipe.zremrangebyrank(hottest, 0, -MAX_POPULAR - 1)
                    pipe.expire(hottest, (POPULAR_HOURS + 1) * 3600)
                for at, cause, tags, hard in told:
                    row = {
                        "at": at.isoformat(timespec="seconds"),
                        "cause": cause,
                        "tags": tags[:20],
                        "hard": hard,
                    }
                    pipe.lpush(f"{self._prefix}:dropped", msgspec.json.encode(row))
                if told:
                    pipe.ltrim(f"{self._prefix}:dropped", 0, 49)
                pipe.execute()

        try:
            redis_roles.call(Role.CACHE, write, write=True)
        except RedisUnavailable:
            self._store.counters.restore(news)
            dropped.extendleft(reversed(told))

    def report(self) -> None:
        """Send what came, and tell again what Redis may have lost of the marks.

        Each by itself: what cannot be counted must not keep a mark from being told, or the other way round.
        """
        for work in (self.send, self._store.l2.tag_times.reassert):
            try:
                work()
            except RedisUnavailable:
                pass  # the breaker has said so
            except Exception as error:  # noqa: BLE001  # counting must never end the counting
                log.warning("what this process did could not be told, later again: %r", error)


def read_last_hour(prefix: str) -> LastHour:
    """Return what all processes reported of the last 60 minutes.

    Raises:
        RedisUnavailable: Redis does not answer.
    """
    now = int(time.time() // 60)

    def read(client: Any) -> list[Any]:
        with client.pipeline(transaction=False) as pipe:
            for minute in range(now - 59, now + 1):
                pipe.hgetall(f"{prefix}:stats:{minute}")
            pipe.lrange(f"{prefix}:dropped", 0, 19)
            return list(pipe.execute())

    *minutes, dropped = redis_roles.call(Role.CACHE, read)
    hour = LastHour(popular=read_popular_urls(prefix, hours=2)[:20])
    hour.invalidations = [msgspec.json.decode(row) for row in dropped]
    for raw in minutes:
        minute: Counter[str] = Counter()
        for name, number in raw.items():
            kind, _, event = name.decode().partition(":")
            hour.events.setdefault(kind, Counter())[event] += int(number)
            minute[event] += int(number)
        hour.minutes.append(minute)
    return hour


def read_popular_urls(prefix: str, *, hours: int = POPULAR_HOURS) -> list[tuple[str, int]]:
    """Return which addresses were asked for in these hours, the most asked for first, and about how often.

    Versions of the shop share this: a new one knows what was asked of the last.

    Raises:
        RedisUnavailable: Redis does not answer.
    """
    now = int(time.time() // 3600)

    def read(client: Any) -> list[list[tuple[bytes, float]]]:
        with client.pipeline(transaction=False) as pipe:
            for hour in range(now - hours + 1, now + 1):
                pipe.zrevrange(_popular_key(prefix, hour), 0, -1, withscores=True)
            return list(pipe.execute())

    asked: Counter[str] = Counter()
    for hour in redis_roles.call(Role.CACHE, read):
        for address, number in hour:
            asked[address.decode("utf-8", "replace")] += int(number)
    return asked.most_common()


def _popular_key(prefix: str, hour: int) -> str:
    return f"{prefix}:hot:{hour}"
