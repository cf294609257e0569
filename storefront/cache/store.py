"""Both levels together: who answers, who builds, who waits, and what is done without Redis.

`begin` gives a Hit or a Ticket. The holder of a ticket builds the value and calls `fill`, or `abandon` if it could
not; everybody else who asks for the same key in this process waits for that.
"""

from __future__ import annotations

import contextlib
import logging
import random
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from math import ceil
from typing import NamedTuple

from storefront.cache.counters import Counters
from storefront.cache.keys import EVERYTHING, HARD_TTL, STALE, Entry
from storefront.cache.l1 import L1, Copy
from storefront.cache.l2 import L2, Found, Lease, Value
from storefront.cache.pending import PendingInvalidations
from storefront.redis_roles import RedisUnavailable

log = logging.getLogger(__name__)

WAIT = 3.0  # seconds until somebody who waits builds alone
AWAY_TTL = 10.0  # seconds that a process keeps its own copies while there is no Redis to hear of changes
MAX_BYTES = 1024 * 1024


class Hit(NamedTuple):
    """An answer. `body` is None if the client holds it already; `soft_in` are seconds until it is built anew."""

    meta: bytes
    etag: str
    body: bytes | None
    tags: tuple[str, ...]
    soft_in: float
    detail: str  # "L1", "L2", "stale" or "local" (Redis is away)
    copy: Copy | None = None


@dataclass(slots=True)
class _Flight:
    looked: threading.Event = field(default_factory=threading.Event)  # its leader knows what Redis has
    done: threading.Event = field(default_factory=threading.Event)
    stale: bool = False  # whether Redis has an old value to be answered meanwhile


@dataclass(slots=True)
class Ticket:
    """The duty to build an entry; `lease` is None where the value cannot be shared."""

    store: Store
    entry: Entry
    lease: Lease | None
    away: bool
    tick: int
    flight: _Flight | None
    began: float = field(default_factory=time.monotonic)
    closed: bool = False

    def as_of(self, moment: float | None) -> None:
        """Say that what is read may be as old as this moment (monotonic seconds): a snapshot of the source.

        The marks' clock goes with time, and `began` is after the lease was given: the result errs on the early side.
        """
        if self.lease is not None and moment is not None and moment < self.began:
            early = ceil((self.began - moment) * 1e6)
            self.lease = replace(self.lease, start=str(int(self.lease.start) - early))

    def fill(self, value: Value, tags: Iterable[str], *, ttl: float, hard: float = HARD_TTL) -> bool:
        """Share the value with everybody, unless a write may have overtaken it; return whether it was stored.

        It is fresh for `ttl` seconds, and kept for `hard` seconds in case its source fails.
        """
        try:
            return self.store._keep(self, value, tuple(sorted({*tags, EVERYTHING})), ttl, hard)  # one module
        finally:
            self._close()

    def abandon(self) -> None:
        """Let somebody else build. Does nothing after `fill`."""
        if self.closed:
            return
        self._release()
        self._close()

    def stale(self, variant: str) -> Hit | None:
        """Return the last known value, for when the building fails; None if there is none that may be shown."""
        return self.store.last_known(self.entry, variant)

    def _release(self) -> None:
        if self.lease is not None:
            with contextlib.suppress(RedisUnavailable):
                self.store.shared.release(self.entry.key, self.lease)

    def _close(self) -> None:
        self.closed = True
        if self.flight is not None:
            self.store._land(self.entry.key, self.flight)


class Store:
    """The cache of one process.

    Args:
        shared: the second level.
        local_bytes: how much the first level may hold.
        ttls: soft TTL by kind, in seconds, where it is not the kind's own.
    """

    def __init__(self, shared: L2, local_bytes: int, ttls: dict[str, int]) -> None:
        self.shared = shared
        self.local = L1(local_bytes)
        self.away = L1(local_bytes // 4)
        self.owed = PendingInvalidations(AWAY_TTL)
        self.counters = Counters()
        # Whether this process hears of every invalidation at once; without that it keeps no copies of its own.
        self.trusted: Callable[[], bool] = lambda: False
        self._ttls = ttls
        self._flights: dict[str, _Flight] = {}
        self._lock = threading.Lock()

    def ttl(self, entry: Entry) -> int:
        """Return how many seconds an entry is fresh."""
        return self._ttls.get(entry.kind.name, entry.kind.ttl)

    def begin(
        self, entry: Entry, variant: str = "", *, etags: Iterable[str] = (), force: bool = False
    ) -> Hit | Ticket:
        """Return the entry, or the duty to build it. Waits while somebody else is building, but not for ever."""
        key, kind, deadline, waited = entry.key, entry.kind.name, time.monotonic() + WAIT, False
        while True:
            if not force and (hit := self.held(key, variant, etags)):
                self.counters.add(kind, "hit_local")
                return hit
            flight, leading = self._board(key)
            if not leading:
                flight.looked.wait(WAIT)
                if flight.stale and not force and (hit := self._meanwhile(key, kind, variant, etags)):
                    return hit
                self._count_waiting(kind, waited)
                waited = True
                if flight.done.wait(max(0.0, deadline - time.monotonic())):
                    continue
                return self._alone(entry)
            answer: Hit | Ticket | None = None
            try:
                answer = self._look(entry, variant, etags, flight, force=force)
            finally:
                flight.looked.set()
                if not isinstance(answer, Ticket):
                    self._land(key, flight)
            if answer is not None:
                return answer
            self._count_waiting(kind, waited)
            waited = True
            if time.monotonic() > deadline:
                return self._alone(entry)
            time.sleep(random.uniform(0.005, 0.03))  # noqa: S311  # the fill is waited for, by many at different times

    def held(self, key: str, variant: str, etags: Iterable[str] = ()) -> Hit | None:
        """Return this process's own copy, if it may be trusted and has the variant (or the client has it)."""
        copy = self.local.get(key)
        if copy is None or not self.trusted():
            return None
        body = None if copy.etag in etags else copy.bodies.get(variant)
        if body is None and copy.etag not in etags:
            return None
        return Hit(copy.meta, copy.etag, body, copy.tags, copy.until - time.monotonic(), "L1", copy)

    def last_known(self, entry: Entry, variant: str) -> Hit | None:
        """Return the newest value that is anywhere, invalidated or not, unless a hard purge forbids it."""
        with contextlib.suppress(RedisUnavailable):
            found = self.shared.fetch(entry.key, variant, build=False, mode="any")
            if not isinstance(found, Found) or found.body is None or self.owed.any(found.tags):
                return None
            self.counters.add(entry.kind.name, "hit_stale")
            return Hit(found.meta, found.etag, found.body, found.tags, found.soft_in, "stale")
        for level in (self.away, self.local):
            if (copy := level.peek(entry.key)) and variant in copy.bodies:
                self.counters.add(entry.kind.name, "hit_stale")
                return Hit(copy.meta, copy.etag, copy.bodies[variant], copy.tags, 0.0, "stale")
        return None

    def drop(self, tags: Iterable[str]) -> None:
        """Drop what this process itself holds under these tags."""
        tags = tuple(tags)
        self.local.drop(tags)
        self.away.drop(tags)

    def _look(
        self, entry: Entry, variant: str, etags: Iterable[str], flight: _Flight, *, force: bool
    ) -> Hit | Ticket | None:
        key, kind, tick, began = entry.key, entry.kind.name, self.local.tick, time.monotonic()
        try:
            found = self.shared.fetch(key, variant, etags=etags, mode="force" if force else "")
        except RedisUnavailable:
            found = "unstorable"
        else:
            self.counters.time(kind, "look", time.monotonic() - began)
            if isinstance(found, Found) and self.owed.any(found.tags):
                found = "unstorable"
        if isinstance(found, Found):
            self.counters.add(kind, "hit_stale" if found.stale else "hit_shared")
            copy = self._adopt(key, variant, found, tick)
            detail = "stale" if found.stale else "L2"
            return Hit(found.meta, found.etag, found.body, found.tags, found.soft_in, detail, copy)
        if isinstance(found, Lease):
            self.counters.add(kind, "miss")
            flight.stale = found.stale
            return Ticket(self, entry, found, False, tick, flight)
        if found == "unstorable":
            self.counters.add(kind, "away")
            copy = None if force else self.away.get(key)
            if copy is not None and variant in copy.bodies:
                left = copy.until - time.monotonic()
                return Hit(copy.meta, copy.etag, copy.bodies[variant], copy.tags, left, "local", copy)
            return Ticket(self, entry, None, True, self.away.tick, flight)
        return None

    def _meanwhile(self, key: str, kind: str, variant: str, etags: Iterable[str]) -> Hit | None:
        """Return the old value while somebody in this process builds the new one; None if it has been dropped."""
        with contextlib.suppress(RedisUnavailable):
            found = self.shared.fetch(key, variant, etags=etags, build=False)
            if isinstance(found, Found) and not self.owed.any(found.tags):
                self.counters.add(kind, "hit_stale" if found.stale else "hit_shared")
                detail = "stale" if found.stale else "L2"
                return Hit(found.meta, found.etag, found.body, found.tags, found.soft_in, detail)
        return None

    def _adopt(self, key: str, variant: str, found: Found, tick: int) -> Copy | None:
        """Keep a copy of what Redis answered, or add the variant to the copy that is kept."""
        if found.stale or found.soft_in <= 0 or found.body is None or not self.trusted():
            return None
        copy = self.local.get(key)
        if copy is not None and copy.etag == found.etag:
            self.local.grow(key, copy, variant, found.body)
            return copy
        copy = Copy(
            found.meta, found.etag, {variant: found.body}, found.tags, time.monotonic() + found.soft_in
        )
        return copy if self.local.put(key, copy, tick) else None

    def _keep(self, ticket: Ticket, value: Value, tags: tuple[str, ...], ttl: float, hard: float) -> bool:
        kind, key, now = ticket.entry.kind.name, ticket.entry.key, time.monotonic()
        self.counters.time(kind, "build", now - ticket.began)
        if STALE in tags:
            ticket._release()
            return False
        if sum(map(len, value.bodies.values())) > MAX_BYTES:
            self.counters.add(kind, "too_large")
            log.warning("%s is too large for the cache", key)
            ticket._release()
            return False
        if ticket.lease is None:
            if ticket.away:
                copy = Copy(value.meta, value.etag, dict(value.bodies), tags, now + min(AWAY_TTL, ttl))
                return self.away.put(key, copy, ticket.tick)
            return False
        try:
            stored = self.shared.fill(
                key, ticket.lease, value, tags, ttl=ttl, hard=hard, took=now - ticket.began
            )
        except RedisUnavailable:
            return False
        self.counters.add(kind, "stored" if stored else "refused")
        if stored and self.trusted():
            copy = Copy(value.meta, value.etag, dict(value.bodies), tags, now + ttl * 0.9)
            self.local.put(key, copy, ticket.tick)
        return stored

    def _alone(self, entry: Entry) -> Ticket:
        self.counters.add(entry.kind.name, "alone")
        return Ticket(self, entry, None, False, 0, None)

    def _count_waiting(self, kind: str, waited: bool) -> None:
        if not waited:
            self.counters.add(kind, "waited")

    def _board(self, key: str) -> tuple[_Flight, bool]:
        """Return the flight for a key, and whether it is ours to lead."""
        with self._lock:
            flight = self._flights.get(key)
            if flight is not None:
                return flight, False
            flight = self._flights[key] = _Flight()
            return flight, True

    def _land(self, key: str, flight: _Flight) -> None:
        with self._lock:
            if self._flights.get(key) is flight:
                del self._flights[key]
        flight.done.set()
