"""Statistics of the limits: counted in the process, sent to Redis every second, kept there for a day, bounded."""

from __future__ import annotations

import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Any, Literal

from redis.exceptions import RedisError

from storefront.rate_limiting.gcra import Hit
from storefront.redis_roles import RedisUnavailable, Role
from storefront.redis_roles.roles import RoleClients

Event = Literal["asked", "refused", "shadow", "alone", "denied"]
HOURS = 24
FLUSH_INTERVAL = 1.0  # seconds
MAX_CLIENTS_PER_FLUSH = 2000  # clients that are counted one by one between two flushes
MAX_CLIENTS_PER_HOUR = 1000  # those that were refused most, in Redis
OTHERS = "others"
DENY_LIST = "deny-list"


@dataclass(slots=True)
class LimitReport:
    """The counts of all processes.

    Attributes:
        events: by policy.
        refused: policy, client and number, the most refused first.
    """

    events: dict[str, Counter[str]] = field(default_factory=dict)
    refused: list[tuple[str, str, int]] = field(default_factory=list)


class LimitStatistics:
    """Counts of this process that have not been sent to Redis yet."""

    def __init__(self, roles: RoleClients, prefix: str) -> None:
        self._roles = roles
        self._prefix = f"{{{prefix}:limit}}:tally"
        self._lock = threading.Lock()
        self._events: Counter[tuple[str, str]] = Counter()
        self._refused: Counter[tuple[str, str]] = Counter()
        self._flushed_at = 0.0

    def count(self, policy: str, event: Event) -> None:
        """Count an event of a policy."""
        self._events[policy, event] += 1

    def count_denied(self, client: str) -> None:
        """Count a request from a denied network."""
        self._count_client(DENY_LIST, client, "denied")

    def count_exceeded(self, exceeded: list[Hit]) -> None:
        """Count a refusal, or in shadow mode what would have been one."""
        for policy, client, _ in exceeded:
            self._count_client(policy.name, client, "shadow" if policy.shadow else "refused")

    def _count_client(self, policy: str, client: str, event: Event, number: int = 1) -> None:
        with self._lock:
            self._events[policy, event] += number
            self._add_refused(policy, client, number)

    def _add_refused(self, policy: str, client: str, number: int) -> None:
        counted = (policy, client) in self._refused or len(self._refused) < MAX_CLIENTS_PER_FLUSH
        self._refused[policy, client if counted else OTHERS] += number

    def flush(self, *, at_once: bool = False) -> bool:
        """Send the counts if a second has passed since the last time; return whether something is left to send."""
        if not self._events or (not at_once and time.monotonic() - self._flushed_at < FLUSH_INTERVAL):
            return bool(self._events)
        self._flushed_at = time.monotonic()
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
                pipe.zremrangebyrank(names[1], 0, -MAX_CLIENTS_PER_HOUR - 1)
                for name in names:
                    pipe.expire(name, (HOURS + 1) * 3600)
                pipe.execute()

        try:
            self._roles.call(Role.LIMIT, write, write=True)
        except RedisUnavailable:
            with self._lock:
                self._events += events
                for (policy, client), number in refused.items():
                    self._add_refused(policy, client, number)
        except RedisError:
            # Another program stored data under our keys. It is deleted, and these counts are lost.
            self._roles.call(Role.LIMIT, lambda client: client.delete(*names), write=True)
        return False

    def read_report(self, hours: int = HOURS) -> LimitReport:
        """Return the counts of all processes in the last hours.

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

        report = LimitReport()
        refused: Counter[str] = Counter()
        replies = self._roles.call(Role.LIMIT, read)
        for events, clients in zip(replies[::2], replies[1::2], strict=True):
            for name, number in events.items() if isinstance(events, dict) else ():
                policy, _, event = name.decode().partition(" ")
                report.events.setdefault(policy, Counter())[event] += int(number)
            for name, number in clients if isinstance(clients, list) else ():
                refused[name.decode()] += int(number)
        report.refused = [(*name.split(" ", 1), number) for name, number in refused.most_common(50)]  # type: ignore[misc]
        return report
