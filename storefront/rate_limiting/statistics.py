"""Who was refused, by which limit, how often: counted here, sent to Redis every second, kept for a day, bounded."""

from __future__ import annotations

import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Any, Literal

from redis.exceptions import RedisError

from storefront.rate_limiting.gcra import Ask
from storefront.redis_roles import RedisUnavailable, Role
from storefront.redis_roles.roles import RoleClients

Event = Literal["asked", "refused", "shadow", "alone", "denied"]
HOURS = 24
EVERY = 1.0  # seconds
MOST_HERE = 2000  # clients that are counted between two sendings …
MOST_THERE = 1000  # … and of an hour, those that were refused most
REST = "others"
DENY_LIST = "deny-list"


@dataclass(slots=True)
class Report:
    """What all processes told."""

    events: dict[str, Counter[str]] = field(default_factory=dict)  # by policy
    refused: list[tuple[str, str, int]] = field(default_factory=list)  # policy, client, times; the most first


class Tally:
    """Counts of one process that Redis has not heard of."""

    def __init__(self, roles: RoleClients, prefix: str) -> None:
        self._roles = roles
        self._prefix = f"{{{prefix}:limit}}:tally"
        self._lock = threading.Lock()
        self._events: Counter[tuple[str, str]] = Counter()
        self._refused: Counter[tuple[str, str]] = Counter()
        self._sent = 0.0

    def add(self, policy: str, event: Event) -> None:
        """Count an event of a limit."""
        self._events[policy, event] += 1

    def deny(self, who: str) -> None:
        """Count a request of a network that is not served."""
        self._count(DENY_LIST, who, "denied")

    def refuse(self, over: list[Ask]) -> None:
        """Count a refusal, or one that there would be without shadow mode."""
        for policy, who, _ in over:
            self._count(policy.name, who, "shadow" if policy.shadow else "refused")

    def _count(self, policy: str, who: str, event: Event, number: int = 1) -> None:
        with self._lock:
            self._events[policy, event] += number
            known = (policy, who) in self._refused or len(self._refused) < MOST_HERE
            self._refused[policy, who if known else REST] += number

    def send(self, *, at_once: bool = False) -> bool:
        """Send what was counted, if it is time; return whether something is left to be sent."""
        if not self._events or (not at_once and time.monotonic() - self._sent < EVERY):
            return bool(self._events)
        self._sent = time.monotonic()
        with self._lock:
            events, self._events = self._events, Counter()
            refused, self._refused = self._refused, Counter()
        hour = int(time.time() // 3600)
        names = (f"{self._prefix}:{hour}", f"{self._prefix}:{hour}:refused")

        def write(client: Any) -> None:
            with client.pipeline(transaction=False) as pipe:
                for (policy, event), number in events.items():
                    pipe.hincrby(names[0], f"{policy} {event}", number)
                for (policy, who), number in refused.items():
                    pipe.zincrby(names[1], number, f"{policy} {who}")
                pipe.zremrangebyrank(names[1], 0, -MOST_THERE - 1)
                for name in names:
                    pipe.expire(name, (HOURS + 1) * 3600)
                pipe.execute()

        try:
            self._roles.call(Role.LIMIT, write, write=True)
        except RedisUnavailable:
            with self._lock:
                self._events += events
                for key, number in refused.items():
                    known = key in self._refused or len(self._refused) < MOST_HERE
                    self._refused[key if known else (key[0], REST)] += number
        except RedisError:  # foreign data under our names: it goes, and so do these counts
            self._roles.call(Role.LIMIT, lambda client: client.delete(*names), write=True)
        return False

    def report(self, hours: int = HOURS) -> Report:
        """Return what all processes told of the last hours.

        Raises:
            RedisUnavailable: Redis does not answer.
        """
        now = int(time.time() // 3600)
        names = [f"{self._prefix}:{hour}" for hour in range(now - hours + 1, now + 1)]

        def read(client: Any) -> list[Any]:
            with client.pipeline(transaction=False) as pipe:
                for name in names:
                    pipe.hgetall(name)
                    pipe.zrevrange(f"{name}:refused", 0, -1, withscores=True)
                return list(pipe.execute(raise_on_error=False))

        report = Report()
        refused: Counter[str] = Counter()
        found = self._roles.call(Role.LIMIT, read)
        for events, clients in zip(found[::2], found[1::2], strict=True):
            for name, number in events.items() if isinstance(events, dict) else ():
                policy, _, event = name.decode().partition(" ")
                report.events.setdefault(policy, Counter())[event] += int(number)
            for name, number in clients if isinstance(clients, list) else ():
                refused[name.decode()] += int(number)
        report.refused = [(*name.split(" ", 1), number) for name, number in refused.most_common(50)]  # type: ignore[misc]
        return report
