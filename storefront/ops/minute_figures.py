"""Figures by minute for the last hour: each process adds its own in Redis, the dashboard reads them."""

from __future__ import annotations

import os
import socket
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from flask import Flask

from storefront import periodic, redis_roles, stock
from storefront.ops.request_figures import BUCKETS, request_meter
from storefront.redis_roles import RedisUnavailable, Role

RECORDER = "ops-minute-figures"
INTERVAL = 2.0  # seconds
MINUTES = 60
_TTL = (MINUTES + 2) * 60  # seconds


@dataclass(slots=True)
class Minute:
    """The figures of all processes in one minute.

    Attributes:
        requests: number of requests by status class ("2xx" …).
        times: number of requests by index in BUCKETS.
        streams: open streams.
        memory: bytes in the cache role's Redis.
    """

    requests: Counter[str] = field(default_factory=Counter)
    times: Counter[int] = field(default_factory=Counter)
    streams: int = 0
    memory: int = 0

    def percentile(self, share: float) -> float:
        """Return a percentile of the response time in milliseconds; `share` is from 0 to 1. 0 without requests."""
        seen, total = 0, sum(self.times.values())
        for place in sorted(self.times):
            seen += self.times[place]
            if seen >= share * total:
                return BUCKETS[place] * 1000
        return 0.0


class Recorder:
    """Adds this process's figures to the current minute in Redis."""

    def __init__(self, app: Flask) -> None:
        self._app = app
        self._recorded: Counter[str] = Counter()
        self._process = (0, "")
        self._minute = 0

    def record(self) -> None:
        """Add the counts since the last call. If Redis does not answer, the next call adds them."""
        if self._process[0] != os.getpid():
            self._process, self._recorded = (os.getpid(), f"{socket.gethostname()}:{os.getpid()}"), Counter()
        minute = int(time.time() // 60)
        meter = request_meter.get(self._app)
        meter.sync()
        now = Counter(meter.counts)
        new = now - self._recorded
        streams = stock.hub.get(self._app).streams
        is_new_minute, self._minute = minute != self._minute, minute
        if not new and not streams and not is_new_minute:
            return

        def write(client: Any) -> None:
            name = _name(self._app.config["CACHE_PREFIX"], minute)
            with client.pipeline(transaction=False) as pipe:
                for what, number in new.items():
                    pipe.hincrby(name, what, number)
                if streams:
                    pipe.hset(name, f"streams:{self._process[1]}", streams)
                if is_new_minute:
                    servers = redis_roles.server_clients(Role.CACHE)
                    pipe.hset(name, "memory", sum(one.info("memory")["used_memory"] for one in servers))
                pipe.expire(name, _TTL)
                pipe.execute()

        try:
            redis_roles.call(Role.CACHE, write, write=True)
        except RedisUnavailable:
            return
        self._recorded = now


def init_app(app: Flask) -> None:
    """Record figures in every serving process, with the cache on or off."""
    periodic.add_task(app, RECORDER, Recorder(app).record, interval=INTERVAL)


def last_hour(prefix: str) -> list[Minute]:
    """Return the last 60 minutes, oldest first.

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
