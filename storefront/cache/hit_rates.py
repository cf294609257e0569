"""Hit rates of all processes together: each sends its counts to Redis every few seconds; read for the last hour."""

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
from storefront.cache.tag_modes import Mode
from storefront.periodic import PeriodicTask
from storefront.redis_roles import RedisUnavailable, Role

log = logging.getLogger(__name__)

INTERVAL = 2.0  # seconds
RETENTION = 2 * 3600  # seconds for which a minute's counts are kept
MAX_POPULAR = 1000
POPULAR_HOURS = 24  # for which the most requested addresses are kept
HITS = ("hit_local", "hit_shared", "hit_stale", "not_modified")


@dataclass(slots=True)
class LastHour:
    """The last hour: events by kind and by minute, the most requested addresses, and the last invalidations."""

    events: dict[str, Counter[str]] = field(default_factory=dict)
    minutes: list[Counter[str]] = field(default_factory=list)  # the oldest first, 60 of them
    popular: list[tuple[str, int]] = field(default_factory=list)
    invalidations: list[dict[str, Any]] = field(default_factory=list)


def compute_hit_rate(events: Counter[str]) -> float | None:
    """Return the share of look-ups that were answered without a build, 0 to 1; None without look-ups."""
    hits = sum(events[name] for name in HITS)
    lookups = hits + events["miss"] + events["alone"] + events["away"]
    return hits / lookups if lookups else None


def compute_percentile(events: Counter[str], what: str, share: float) -> float | None:
    """Return the milliseconds under which this share (0 to 1) of the timings of `what` lies; None without timings."""
    bounds = sorted((float(n.split("<=")[1]), c) for n, c in events.items() if n.startswith(f"{what}<="))
    total, seen = sum(count for _, count in bounds), 0
    for bound, count in bounds:
        seen += count
        if seen >= share * total:
            return bound
    return None


class Invalidation(NamedTuple):
    """One invalidation, for the list on /admin/system/cache."""

    at: datetime
    cause: str
    tags: list[str]
    mode: Mode


class HitRateReporter:
    """Sends this process's counts and invalidations to Redis, in a thread of its own."""

    def __init__(self, app: Flask, store: CacheStore) -> None:
        self._store = store
        self._prefix = app.config["CACHE_PREFIX"]
        self._invalidations: deque[Invalidation] = deque(maxlen=50)
        self.task = PeriodicTask("cache-reporter", self.report, INTERVAL, app=app)

    def record_invalidation(self, invalidation: Invalidation) -> None:
        """Remember an invalidation until it is sent; only the last 50."""
        self._invalidations.append(invalidation)

    def send(self) -> None:
        """Send what is new since the last call. What cannot be sent is sent with the next call."""
        new = self._store.counters.take_new()
        popular = self._store.counters.take_popular()
        invalidations = [self._invalidations.popleft() for _ in range(len(self._invalidations))]
        if not new and not popular and not invalidations:
            return
        minute = f"{self._prefix}:stats:{int(time.time() // 60)}"
        popular_key = _popular_key(self._prefix, int(time.time() // 3600))

        def write(client: Any) -> None:
            with client.pipeline(transaction=False) as pipe:
                for (kind, event), number in new.items():
                    pipe.hincrby(minute, f"{kind}:{event}", number)
                pipe.expire(minute, RETENTION)
                for address, number in popular.items():
                    pipe.zincrby(popular_key, number, address)
                if popular:
                    pipe.zremrangebyrank(popular_key, 0, -MAX_POPULAR - 1)
                    pipe.expire(popular_key, (POPULAR_HOURS + 1) * 3600)
                for at, cause, tags, mode in invalidations:
                    row = {
                        "at": at.isoformat(timespec="seconds"),
                        "cause": cause,
                        "tags": tags[:20],
                        "count": len(tags),
                        "hard": mode == "hard",
                        "mode": mode,
                    }
                    pipe.lpush(f"{self._prefix}:dropped", msgspec.json.encode(row))
                if invalidations:
                    pipe.ltrim(f"{self._prefix}:dropped", 0, 49)
                pipe.execute()

        try:
            redis_roles.call(Role.CACHE, write, write=True)
        except RedisUnavailable:
            self._store.counters.restore(new)
            self._invalidations.extendleft(reversed(invalidations))

    def report(self) -> None:
        """Send the counts and assert lost tag times again. If one fails, the other is done all the same."""
        for work in (self.send, self._store.l2.tag_times.reassert):
            try:
                work()
            except RedisUnavailable:
                pass  # the circuit breaker has logged it
            except Exception as error:  # noqa: BLE001  # the thread must go on
                log.warning("the cache's counts could not be sent, tried again later: %r", error)


def read_last_hour(prefix: str) -> LastHour:
    """Return what all processes reported for the last 60 minutes.

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
    rows = [msgspec.json.decode(row) for row in dropped]
    hour.invalidations = [
        # Earlier versions wrote no mode and no count.
        {"mode": "hard" if row["hard"] else "strict", "count": len(row["tags"])}
        | row
        | {"at": datetime.fromisoformat(row["at"])}
        for row in rows
    ]
    for raw in minutes:
        minute: Counter[str] = Counter()
        for name, number in raw.items():
            kind, _, event = name.decode().partition(":")
            hour.events.setdefault(kind, Counter())[event] += int(number)
            minute[event] += int(number)
        hour.minutes.append(minute)
    return hour


def read_popular_urls(prefix: str, *, hours: int = POPULAR_HOURS) -> list[tuple[str, int]]:
    """Return the addresses requested in these hours, the most requested first, and about how often.

    Builds of the app share these counts: a new build knows what was requested of the last one.

    Raises:
        RedisUnavailable: Redis does not answer.
    """
    now = int(time.time() // 3600)

    def read(client: Any) -> list[list[tuple[bytes, float]]]:
        with client.pipeline(transaction=False) as pipe:
            for hour in range(now - hours + 1, now + 1):
                pipe.zrevrange(_popular_key(prefix, hour), 0, -1, withscores=True)
            return list(pipe.execute())

    requests: Counter[str] = Counter()
    for hour in redis_roles.call(Role.CACHE, read):
        for address, number in hour:
            requests[address.decode("utf-8", "replace")] += int(number)
    return requests.most_common()


def _popular_key(prefix: str, hour: int) -> str:
    return f"{prefix}:hot:{hour}"
