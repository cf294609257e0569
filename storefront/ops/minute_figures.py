"""The last hour of all processes, minute by minute: told to Redis by each of them, read for the dashboard."""

from __future__ import annotations

import os
import socket
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from flask import Flask

from storefront import periodic, redis_roles, stock
from storefront.ops.request_figures import BUCKETS, requests
from storefront.redis_roles import RedisUnavailable, Role

RECORDER = "ops-minute-figures"
INTERVAL = 2.0  # seconds
MINUTES = 60
_KEPT = (MINUTES + 2) * 60  # seconds


@dataclass(slots=True)
class Minute:
    """What all processes did in a minute."""

    requests: Counter[str] = field(default_factory=Counter)  # by "2xx" …
    times: Counter[int] = field(default_factory=Counter)  # by the place in BUCKETS
    streams: int = 0
    memory: int = 0  # bytes in the cache role's Redis

    def percentile(self, share: float) -> float:
        """Return the milliseconds under which this share of the answers took; 0 if there were none."""
        seen, total = 0, sum(self.times.values())
        for place in sorted(self.times):
            seen += self.times[place]
            if seen >= share * total:
                return BUCKETS[place] * 1000
        return 0.0


class Recorder:
    """Tells Redis what is new in this process."""

    def __init__(self, app: Flask) -> None:
        self._app = app
        self._told: Counter[str] = Counter()
        self._process = (0, "")
        self._looked = 0

    def record(self) -> None:
        """Send what came since the last time; what cannot be sent now is sent the next time."""
        if self._process[0] != os.getpid():
            self._process, self._told = (os.getpid(), f"{socket.gethostname()}:{os.getpid()}"), Counter()
        minute = int(time.time() // 60)
        now = Counter(requests.get(self._app).counts)
        news = now - self._told
        streams = stock.hub.get(self._app).streams
        fresh, self._looked = minute != self._looked, minute
        if not news and not streams and not fresh:
            return

        def write(client: Any) -> None:
            name = _name(self._app.config["CACHE_PREFIX"], minute)
            with client.pipeline(transaction=False) as pipe:
                for what, number in news.items():
                    pipe.hincrby(name, what, number)
                if streams:
                    pipe.hset(name, f"streams:{self._process[1]}", streams)
                if fresh:
                    pipe.hset(name, "memory", client.info("memory")["used_memory"])
                pipe.expire(name, _KEPT)
                pipe.execute()

        try:
            redis_roles.call(Role.CACHE, write, write=True)
        except RedisUnavailable:
            return
        self._told = now


def init_app(app: Flask) -> None:
    """Let every serving process record its figures, whether there is a cache or not."""
    periodic.add_task(app, RECORDER, Recorder(app).record, interval=INTERVAL)


def last_hour(prefix: str) -> list[Minute]:
    """Return the last 60 minutes, the oldest first.

    Raises:
        RedisUnavailable: Redis does not answer.
    """
    now = int(time.time() // 60)

    def read(client: Any) -> list[dict[bytes, bytes]]:
        with client.pipeline(transaction=False) as pipe:
            for minute in range(now - MINUTES + 1, now + 1):
                pipe.hgetall(_name(prefix, minute))
            return list(pipe.execute())

    return [_minute(raw) for raw in redis_roles.call(Role.CACHE, read)]


def _minute(raw: dict[bytes, bytes]) -> Minute:
    minute = Minute()
    for name, number in ((key.decode(), int(value)) for key, value in raw.items()):
        what, _, rest = name.partition(":")
        if what == "le":
            minute.times[int(rest)] += number
        elif what == "streams":
            minute.streams += number
        elif what == "memory":
            minute.memory = number
        else:
            minute.requests[what] += number
    return minute


def _name(prefix: str, minute: int) -> str:
    return f"{prefix}:ops:{minute}"
