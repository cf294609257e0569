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

from storefront.cache.counters import CacheCounters
from storefront.cache.keys import EVERYTHING, HARD_TTL, STALE, CacheEntry
from storefront.cache.l1 import L1, L1Entry
from storefront.cache.l2 import L2, L2Entry, Lease, StoredValue
from storefront.cache.pending import PendingInvalidations
from storefront.redis_roles import RedisUnavailable

log = logging.getLogger(__name__)

MAX_WAIT = 3.0  # seconds until somebody who waits builds alone
OUTAGE_TTL = 10.0  # seconds that a process keeps its own copies while there is no Redis to hear of changes
MAX_BYTES = 1024 * 1024


class CacheHit(NamedTuple):
    """An answer. `body` is None if the client holds it already; `soft_in` are seconds until it is built anew."""

    meta: bytes
    etag: str
    body: bytes | None
    tags: tuple[str, ...]
    fresh_for: float
    detail: str  # "L1", "L2", "stale" or "local" (Redis is away)
    l1_entry: L1Entry | None = None


@dataclass(slots=True)
class _SingleFlight:
    looked_up: threading.Event = field(default_factory=threading.Event)  # its leader knows what Redis has
    done: threading.Event = field(default_factory=threading.Event)
    has_stale_value: bool = False  # whether Redis has an old value to be answered meanwhile


@dataclass(slots=True)
class BuildTicket:
    """The duty to build an entry; `lease` is None where the value cannot be shared."""

    store: CacheStore
    entry: CacheEntry
    lease: Lease | None
    is_outage: bool
    generation: int
    flight: _SingleFlight | None
    started_at: float = field(default_factory=time.monotonic)
    closed: bool = False

    def set_snapshot_time(self, moment: float | None) -> None:
        """Say that what is read may be as old as this moment (monotonic seconds): a snapshot of the source.

        The marks' clock goes with time, and `began` is after the lease was given: the result errs on the early side.
        """
        if self.lease is not None and moment is not None and moment < self.started_at:
            early = ceil((self.started_at - moment) * 1e6)
            self.lease = replace(self.lease, start=str(int(self.lease.start) - early))

    def fill(self, value: StoredValue, tags: Iterable[str], *, ttl: float, hard: float = HARD_TTL) -> bool:
        """Share the value with everybody, unless a write may have overtaken it; return whether it was stored.

        It is fresh for `ttl` seconds, and kept for `hard` seconds in case its source fails.
        """
        try:
            return self.store._store_value(
                self, value, tuple(sorted({*tags, EVERYTHING})), ttl, hard
            )  # one module
        finally:
            self._close()

    def abandon(self) -> None:
        """Let somebody else build. Does nothing after `fill`."""
        if self.closed:
            return
        self._release()
        self._close()

    def find_stale(self, variant: str) -> CacheHit | None:
        """Return the last known value, for when the building fails; None if there is none that may be shown."""
        return self.store.find_last_known(self.entry, variant)

    def _release(self) -> None:
        if self.lease is not None:
            with contextlib.suppress(RedisUnavailable):
                self.store.l2.release(self.entry.key, self.lease)

    def _close(self) -> None:
        self.closed = True
        if self.flight is not None:
            self.store._end_flight(self.entry.key, self.flight)


class CacheStore:
    """The cache of one process.

    Args:
        shared: the second level.
        local_bytes: how much the first level may hold.
        ttls: soft TTL by kind, in seconds, where it is not the kind's own.
    """

    def __init__(self, l2: L2, local_bytes: int, ttls: dict[str, int]) -> None:
        self.l2 = l2
        self.l1 = L1(local_bytes)
        self.outage_l1 = L1(local_bytes // 4)
        self.pending = PendingInvalidations(OUTAGE_TTL)
        self.counters = CacheCounters()
        # Whether this process hears of every invalidation at once; without that it keeps no copies of its own.
        self.receives_invalidations: Callable[[], bool] = lambda: False
        self._ttls = ttls
        self._flights: dict[str, _SingleFlight] = {}
        self._lock = threading.Lock()

    def ttl(self, entry: CacheEntry) -> int:
        """Return how many seconds an entry is fresh."""
        return self._ttls.get(entry.kind.name, entry.kind.ttl)

    def look_up(
        self, entry: CacheEntry, variant: str = "", *, etags: Iterable[str] = (), force: bool = False
    ) -> CacheHit | BuildTicket:
        """Return the entry, or the duty to build it. Waits while somebody else is building, but not for ever."""
        key, kind, deadline, waited = entry.key, entry.kind.name, time.monotonic() + MAX_WAIT, False
        while True:
            if not force and (hit := self.find_in_l1(key, variant, etags)):
                self.counters.add(kind, "hit_local")
                return hit
            flight, leading = self._join_flight(key)
            if not leading:
                flight.looked_up.wait(MAX_WAIT)
                if (
                    flight.has_stale_value
                    and not force
                    and (hit := self._find_stale(key, kind, variant, etags))
                ):
                    return hit
                self._count_waiting(kind, waited)
                waited = True
                if flight.done.wait(max(0.0, deadline - time.monotonic())):
                    continue
                return self._build_alone(entry)
            answer: CacheHit | BuildTicket | None = None
            try:
                answer = self._look_up_in_l2(entry, variant, etags, flight, force=force)
            finally:
                flight.looked_up.set()
                if not isinstance(answer, BuildTicket):
                    self._end_flight(key, flight)
            if answer is not None:
                return answer
            self._count_waiting(kind, waited)
            waited = True
            if time.monotonic() > deadline:
                return self._build_alone(entry)
            time.sleep(random.uniform(0.005, 0.03))  # noqa: S311  # the fill is waited for, by many at different times

    def find_in_l1(self, key: str, variant: str, etags: Iterable[str] = ()) -> CacheHit | None:
        """Return this process's own copy, if it may be trusted and has the variant (or the client has it)."""
        copy = self.l1.get(key)
        if copy is None or not self.receives_invalidations():
            return None
        body = None if copy.etag in etags else copy.bodies.get(variant)
        if body is None and copy.etag not in etags:
            return None
        return CacheHit(copy.meta, copy.etag, body, copy.tags, copy.expires_at - time.monotonic(), "L1", copy)

    def find_last_known(self, entry: CacheEntry, variant: str) -> CacheHit | None:
        """Return the newest value that is anywhere, invalidated or not, unless a hard purge forbids it."""
        with contextlib.suppress(RedisUnavailable):
            found = self.l2.fetch(entry.key, variant, build=False, mode="any")
            if not isinstance(found, L2Entry) or found.body is None or self.pending.contains_any(found.tags):
                return None
            self.counters.add(entry.kind.name, "hit_stale")
            return CacheHit(found.meta, found.etag, found.body, found.tags, found.fresh_for, "stale")
        for level in (self.outage_l1, self.l1):
            if (copy := level.peek(entry.key)) and variant in copy.bodies:
                self.counters.add(entry.kind.name, "hit_stale")
                return CacheHit(copy.meta, copy.etag, copy.bodies[variant], copy.tags, 0.0, "stale")
        return None

    def invalidate_local(self, tags: Iterable[str]) -> None:
        """Drop what this process itself holds under these tags."""
        tags = tuple(tags)
        self.l1.invalidate(tags)
        self.outage_l1.invalidate(tags)

    def _look_up_in_l2(
        self, entry: CacheEntry, variant: str, etags: Iterable[str], flight: _SingleFlight, *, force: bool
    ) -> CacheHit | BuildTicket | None:
        key, kind, tick, began = entry.key, entry.kind.name, self.l1.generation, time.monotonic()
        try:
            found = self.l2.fetch(key, variant, etags=etags, mode="force" if force else "")
        except RedisUnavailable:
            found = "unstorable"
        else:
            self.counters.record_time(kind, "look", time.monotonic() - began)
            if isinstance(found, L2Entry) and self.pending.contains_any(found.tags):
                found = "unstorable"
        if isinstance(found, L2Entry):
            self.counters.add(kind, "hit_stale" if found.is_stale else "hit_shared")
            copy = self._copy_to_l1(key, variant, found, tick)
            detail = "stale" if found.is_stale else "L2"
            return CacheHit(found.meta, found.etag, found.body, found.tags, found.fresh_for, detail, copy)
        if isinstance(found, Lease):
            self.counters.add(kind, "miss")
            flight.has_stale_value = found.has_stale_value
            return BuildTicket(self, entry, found, False, tick, flight)
        if found == "unstorable":
            self.counters.add(kind, "away")
            copy = None if force else self.outage_l1.get(key)
            if copy is not None and variant in copy.bodies:
                left = copy.expires_at - time.monotonic()
                return CacheHit(copy.meta, copy.etag, copy.bodies[variant], copy.tags, left, "local", copy)
            return BuildTicket(self, entry, None, True, self.outage_l1.generation, flight)
        return None

    def _find_stale(self, key: str, kind: str, variant: str, etags: Iterable[str]) -> CacheHit | None:
        """Return the old value while somebody in this process builds the new one; None if it has been dropped."""
        with contextlib.suppress(RedisUnavailable):
            found = self.l2.fetch(key, variant, etags=etags, build=False)
            if isinstance(found, L2Entry) and not self.pending.contains_any(found.tags):
                self.counters.add(kind, "hit_stale" if found.is_stale else "hit_shared")
                detail = "stale" if found.is_stale else "L2"
                return CacheHit(found.meta, found.etag, found.body, found.tags, found.fresh_for, detail)
        return None

    def _copy_to_l1(self, key: str, variant: str, found: L2Entry, tick: int) -> L1Entry | None:
        """Keep a copy of what Redis answered, or add the variant to the copy that is kept."""
        if found.is_stale or found.fresh_for <= 0 or found.body is None or not self.receives_invalidations():
            return None
        copy = self.l1.get(key)
        if copy is not None and copy.etag == found.etag:
            self.l1.add_variant(key, copy, variant, found.body)
            return copy
        copy = L1Entry(
            found.meta, found.etag, {variant: found.body}, found.tags, time.monotonic() + found.fresh_for
        )
        return copy if self.l1.put(key, copy, tick) else None

    def _store_value(
        self, ticket: BuildTicket, value: StoredValue, tags: tuple[str, ...], ttl: float, hard: float
    ) -> bool:
        kind, key, now = ticket.entry.kind.name, ticket.entry.key, time.monotonic()
        self.counters.record_time(kind, "build", now - ticket.started_at)
        if STALE in tags:
            ticket._release()
            return False
        if sum(map(len, value.bodies.values())) > MAX_BYTES:
            self.counters.add(kind, "too_large")
            log.warning("%s is too large for the cache", key)
            ticket._release()
            return False
        if ticket.lease is None:
            if ticket.is_outage:
                copy = L1Entry(value.meta, value.etag, dict(value.bodies), tags, now + min(OUTAGE_TTL, ttl))
                return self.outage_l1.put(key, copy, ticket.generation)
            return False
        try:
            stored = self.l2.fill(
                key, ticket.lease, value, tags, ttl=ttl, hard=hard, took=now - ticket.started_at
            )
        except RedisUnavailable:
            return False
        self.counters.add(kind, "stored" if stored else "refused")
        if stored and self.receives_invalidations():
            copy = L1Entry(value.meta, value.etag, dict(value.bodies), tags, now + ttl * 0.9)
            self.l1.put(key, copy, ticket.generation)
        return stored

    def _build_alone(self, entry: CacheEntry) -> BuildTicket:
        self.counters.add(entry.kind.name, "alone")
        return BuildTicket(self, entry, None, False, 0, None)

    def _count_waiting(self, kind: str, waited: bool) -> None:
        if not waited:
            self.counters.add(kind, "waited")

    def _join_flight(self, key: str) -> tuple[_SingleFlight, bool]:
        """Return the flight for a key, and whether it is ours to lead."""
        with self._lock:
            flight = self._flights.get(key)
            if flight is not None:
                return flight, False
            flight = self._flights[key] = _SingleFlight()
            return flight, True

    def _end_flight(self, key: str, flight: _SingleFlight) -> None:
        with self._lock:
            if self._flights.get(key) is flight:
                del self._flights[key]
        flight.done.set()
