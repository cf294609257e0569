"""Both levels of the cache together: look-up, the choice of one builder, waiting for it, and outages of Redis.

`look_up` returns a CacheHit or a BuildTicket. The holder of a ticket builds the value and calls `fill`, or `abandon`
if the build failed. Other look-ups of the same key in this process wait for that (single-flight).
"""

from __future__ import annotations

import contextlib
import logging
import math
import random
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from math import ceil
from typing import NamedTuple

from storefront.cache.counters import CacheCounters
from storefront.cache.keys import HARD_TTL, OUTAGE_TTL, STALE, CacheEntry
from storefront.cache.l1 import L1, L1Entry
from storefront.cache.l2 import L2, L2Entry, Lease, StoredValue
from storefront.cache.pending import PendingInvalidations
from storefront.cache.single_flight import Flight, SingleFlight
from storefront.cache.tag_modes import complete_tags
from storefront.redis_roles import RedisUnavailable

log = logging.getLogger(__name__)

MAX_WAIT = 3.0  # seconds; a look-up that waits longer builds without storing
MAX_BYTES = 1024 * 1024


class CacheHit(NamedTuple):
    """A cached value.

    Attributes:
        meta: opaque to the cache: a page's head, for example.
        etag: of the value.
        body: None if the client has it already.
        tags: that invalidate it.
        fresh_for: seconds until it is built again.
        detail: "L1", "L2", "stale" or "local" (built while Redis was down).
        l1_entry: the entry in L1, if it is there.
        valid_until: seconds since the epoch; the value is wrong from then on.
        grace_left: seconds for which it may still be shown, if it misses a relaxed invalidation.
    """

    meta: bytes
    etag: str
    body: bytes | None
    tags: tuple[str, ...]
    fresh_for: float
    detail: str
    l1_entry: L1Entry | None = None
    valid_until: float = math.inf
    grace_left: float | None = None

    def limit(self, seconds: int) -> int:
        """Return for how many seconds, at most these, others may keep the value."""
        return seconds if self.valid_until == math.inf else max(0, min(seconds, self._seconds_left()))

    def _seconds_left(self) -> int:
        return int(self.valid_until - time.time())


class LocalInvalidation(NamedTuple):
    """An invalidation that reached this process.

    Attributes:
        tags: that were invalidated.
        dropped: the keys of the entries in L1 that carried one of them.
        relaxed: whether their old values may be shown for the grace.
        is_known_to_redis: whether Redis has it, too; else another call follows.
    """

    tags: tuple[str, ...]
    dropped: set[str]
    relaxed: bool
    is_known_to_redis: bool


@dataclass(slots=True)
class BuildTicket:
    """The task to build an entry; `lease` is None if the value will not be stored in Redis.

    `failure` is what the source has just raised for another look-up: this one need not ask it again.
    """

    store: CacheStore
    entry: CacheEntry
    lease: Lease | None
    is_outage: bool
    generation: int
    flight: Flight | None
    relaxed: bool = False  # whether the value may be shown for the grace after a relaxed invalidation
    started_at: float = field(default_factory=time.monotonic)
    closed: bool = False
    failure: Exception | None = None

    def set_snapshot_time(self, moment: float | None) -> None:
        """Set the time (monotonic seconds) of the database snapshot that the build reads.

        The lease's clock moves back to it. `started_at` is later than the lease, so the result is on the safe side.
        """
        if self.lease is not None and moment is not None and moment < self.started_at:
            age = ceil((self.started_at - moment) * 1e6)
            self.lease = replace(self.lease, start=str(int(self.lease.start) - age))

    def fill(
        self,
        value: StoredValue,
        tags: Iterable[str],
        *,
        ttl: float,
        hard: float = HARD_TTL,
        older: Mapping[str, int] | None = None,
    ) -> bool:
        """Store the value, unless a write may have come after the build's read; return whether it was stored.

        Args:
            value: fresh for `ttl` seconds, and kept for `hard` seconds in case its source fails.
            tags: of everything that it depends on.
            ttl: soft TTL in seconds.
            hard: hard TTL in seconds.
            older: the start of the values from this process's memory that it was made of, by tag.
        """
        try:
            return self.store._store_value(self, value, complete_tags(tags), ttl, hard, older or {})
        finally:
            self._close()

    def abandon(self, failure: Exception | None = None) -> None:
        """Give up the build, so that another look-up can build. Does nothing after `fill`.

        With a failure of the source, those that wait for this build fail, too: if each asked a source that hangs,
        one after the other, the last would wait as often as there are others.
        """
        if self.closed:
            return
        if self.flight is not None:
            self.flight.failure = failure
        self._release()
        self._close()

    def begin(self, snapshot_time: float | None, *, in_background: bool = False) -> None:
        """Begin the build; `snapshot_time` as for `set_snapshot_time`. In the background nobody waits for it."""
        if self.lease is not None and self.lease.has_stale_value:  # the look-up has counted other builds
            self.store.counters.add(self.entry.kind.name, "renewed" if in_background else "miss")
        if in_background:
            self.started_at = time.monotonic()  # the ticket may have waited in a queue
        self.set_snapshot_time(snapshot_time)

    def find_permitted(self, variant: str, etags: Iterable[str] = ()) -> CacheHit | None:
        """Return the old value that others are answered during this build; None if there is none."""
        if self.lease is None or not self.lease.has_stale_value:
            return None
        return self.store.find_permitted(self.entry, variant, etags, relaxed=self.relaxed)

    def find_stale(self, variant: str) -> CacheHit | None:
        """Return the last known value, for a build that failed; None if no value may be shown."""
        return self.store.find_last_known(self.entry, variant)

    def _release(self) -> None:
        if self.lease is not None:
            with contextlib.suppress(RedisUnavailable):
                self.store.l2.release(self.entry.key, self.lease)

    def _discard_old(self) -> None:
        """Give up the lease, and the old value: nothing takes its place, so it would be answered until its end."""
        if self.lease is not None:
            with contextlib.suppress(RedisUnavailable):
                self.store.l2.delete(self.entry.key)
        self._release()

    def _close(self) -> None:
        self.closed = True
        if self.flight is not None:
            self.store.flights.end(self.entry.key, self.flight)


class CacheStore:
    """The cache of one process.

    Args:
        l2: the second level.
        l1_bytes: the size of the first level.
        ttls: soft TTLs by kind of entry, in seconds, that replace the kinds' own.
    """

    def __init__(self, l2: L2, l1_bytes: int, ttls: dict[str, int]) -> None:
        self.l2 = l2
        self.l1 = L1(l1_bytes)
        self.outage_l1 = L1(l1_bytes // 4)
        self.pending = PendingInvalidations(OUTAGE_TTL)
        self.counters = CacheCounters()
        # Whether this process receives every invalidation at once; L1 is not used without that.
        self.receives_invalidations: Callable[[], bool] = lambda: False
        # Called after this process's own entries were dropped.
        self.on_local_invalidation: Callable[[LocalInvalidation], None] = lambda _: None
        self._ttls = ttls
        self.flights = SingleFlight()

    def ttl(self, entry: CacheEntry) -> int:
        """Return the soft TTL of an entry, in seconds."""
        return self._ttls.get(entry.kind.name, entry.kind.ttl)

    def look_up(
        self,
        entry: CacheEntry,
        variant: str = "",
        *,
        etags: Iterable[str] = (),
        force: bool = False,
        relaxed: bool = False,
    ) -> CacheHit | BuildTicket:
        """Return the entry, or a ticket to build it. Waits at most MAX_WAIT while another look-up builds it.

        Args:
            entry: from `keys`.
            variant: of the body.
            etags: of what the client has.
            force: build in any case.
            relaxed: the old value will do for the grace after a relaxed invalidation. Not for values that others
                are built of: these would be stored as if they were new.
        """
        key, kind, deadline, waited = entry.key, entry.kind.name, time.monotonic() + MAX_WAIT, False
        while True:
            if not force and (hit := self.find_in_l1(key, variant, etags)):
                self.counters.add(kind, "hit_local")
                return hit
            flight, is_leader = self.flights.join(key)
            if not is_leader:
                flight.looked_up.wait(MAX_WAIT)
                if (
                    flight.has_stale_value
                    and not force
                    and (hit := self.find_permitted(entry, variant, etags, relaxed=relaxed))
                ):
                    return hit
                self._count_waiting(kind, waited)
                waited = True
                if flight.done.wait(max(0.0, deadline - time.monotonic())):
                    if flight.failure is not None:
                        return BuildTicket(self, entry, None, False, 0, None, failure=flight.failure)
                    continue
                return self._build_alone(entry)
            answer: CacheHit | BuildTicket | None = None
            try:
                answer = self._look_up_in_l2(entry, variant, etags, flight, force=force, relaxed=relaxed)
            finally:
                flight.looked_up.set()
                if not isinstance(answer, BuildTicket):
                    self.flights.end(key, flight)
            if answer is not None:
                return answer
            self._count_waiting(kind, waited)
            waited = True
            if time.monotonic() > deadline:
                return self._build_alone(entry)
            # Another process builds. Many wait for its fill: the spread keeps them from asking at the same moment.
            time.sleep(random.uniform(0.005, 0.03))  # noqa: S311

    def acquire_ticket(self, entry: CacheEntry) -> BuildTicket | None:
        """Return a ticket if the entry has to be built and nobody builds it. Never waits, and counts no look-up."""
        flight, is_leader = self.flights.join(entry.key)
        if not is_leader:
            return None
        ticket, generation = None, self.l1.generation
        try:
            with contextlib.suppress(RedisUnavailable):
                result = self.l2.fetch(entry.key, "", relaxed=True)
                if isinstance(result, Lease):
                    flight.has_stale_value = result.has_stale_value
                    ticket = BuildTicket(self, entry, result, False, generation, flight)
        finally:
            flight.looked_up.set()
            if ticket is None:
                self.flights.end(entry.key, flight)
        return ticket

    def find_in_l1(self, key: str, variant: str, etags: Iterable[str] = ()) -> CacheHit | None:
        """Return the entry in L1, if L1 is up to date and has the variant (or the client has the entry)."""
        cached = self.l1.get(key)
        if cached is None or not self.receives_invalidations():
            return None
        body = None if cached.etag in etags else cached.bodies.get(variant)
        if body is None and cached.etag not in etags:
            return None
        left = cached.expires_at - time.monotonic()
        return CacheHit(cached.meta, cached.etag, body, cached.tags, left, "L1", cached, cached.valid_until)

    def find_permitted(
        self, entry: CacheEntry, variant: str, etags: Iterable[str] = (), *, relaxed: bool = False
    ) -> CacheHit | None:
        """Return the old value from Redis while this process builds the new one; None if it was invalidated."""
        with contextlib.suppress(RedisUnavailable):
            result = self.l2.fetch(entry.key, variant, etags=etags, build=False, relaxed=relaxed)
            if isinstance(result, L2Entry) and not self.pending.contains_any(result.tags):
                return self._count_l2_hit(entry.kind.name, result)
        return None

    def find_last_known(self, entry: CacheEntry, variant: str) -> CacheHit | None:
        """Return the newest value that any level has, even if it was invalidated; not after a hard purge."""
        with contextlib.suppress(RedisUnavailable):
            result = self.l2.fetch(entry.key, variant, build=False, mode="any")
            if (
                not isinstance(result, L2Entry)
                or result.body is None
                or self.pending.contains_any(result.tags)
            ):
                return None
            return self._count_l2_hit(entry.kind.name, result)
        for level in (self.outage_l1, self.l1):
            if (cached := level.peek(entry.key)) and variant in cached.bodies:
                self.counters.add(entry.kind.name, "hit_stale")
                body = cached.bodies[variant]
                return CacheHit(
                    cached.meta, cached.etag, body, cached.tags, 0.0, "stale", None, cached.valid_until
                )
        return None

    def make_detached_ticket(self, entry: CacheEntry) -> BuildTicket:
        """Return a ticket for a build whose value is not stored."""
        return BuildTicket(self, entry, None, False, 0, None)

    def invalidate_local(
        self, tags: Iterable[str], *, relaxed: bool = False, is_known_to_redis: bool = True
    ) -> None:
        """Drop this process's own entries with these tags. Until Redis knows, it may still answer old ones."""
        tags = tuple(tags)
        dropped = self.l1.invalidate(tags)
        self.outage_l1.invalidate(tags)
        self.on_local_invalidation(LocalInvalidation(tags, dropped, relaxed, is_known_to_redis))

    def _look_up_in_l2(
        self,
        entry: CacheEntry,
        variant: str,
        etags: Iterable[str],
        flight: Flight,
        *,
        force: bool,
        relaxed: bool,
    ) -> CacheHit | BuildTicket | None:
        key, kind, generation, started_at = entry.key, entry.kind.name, self.l1.generation, time.monotonic()
        try:
            result = self.l2.fetch(key, variant, etags=etags, mode="force" if force else "", relaxed=relaxed)
        except RedisUnavailable:
            result = "unstorable"
        else:
            self.counters.record_time(kind, "look", time.monotonic() - started_at)
            if isinstance(result, L2Entry) and self.pending.contains_any(result.tags):
                result = "unstorable"
        if isinstance(result, L2Entry):
            return self._count_l2_hit(kind, result, self._copy_to_l1(key, variant, result, generation))
        if isinstance(result, Lease):
            if not result.has_stale_value:
                self.counters.add(kind, "miss")
            flight.has_stale_value = result.has_stale_value
            return BuildTicket(self, entry, result, False, generation, flight, relaxed)
        if result == "unstorable":
            self.counters.add(kind, "away")
            cached = None if force else self.outage_l1.get(key)
            if cached is not None and variant in cached.bodies:
                left = cached.expires_at - time.monotonic()
                body, until = cached.bodies[variant], cached.valid_until
                return CacheHit(cached.meta, cached.etag, body, cached.tags, left, "local", cached, until)
            return BuildTicket(self, entry, None, True, self.outage_l1.generation, flight)
        return None

    def _count_l2_hit(self, kind: str, found: L2Entry, l1_entry: L1Entry | None = None) -> CacheHit:
        """Count an entry that Redis answered, and return it as a hit."""
        self.counters.add(kind, "hit_stale" if found.is_stale else "hit_shared")
        detail = "stale" if found.is_stale else "L2"
        return CacheHit(
            found.meta,
            found.etag,
            found.body,
            found.tags,
            min(found.fresh_for, found.valid_until - time.time()),
            detail,
            l1_entry,
            found.valid_until,
            found.grace_left,
        )

    def _copy_to_l1(self, key: str, variant: str, result: L2Entry, generation: int) -> L1Entry | None:
        """Put what Redis answered into L1, or add the variant to the entry in L1."""
        if (
            result.is_stale
            or result.fresh_for <= 0
            or result.body is None
            or not self.receives_invalidations()
        ):
            return None
        cached = self.l1.get(key)
        if cached is not None and cached.etag == result.etag:
            self.l1.add_variant(key, cached, variant, result.body)
            return cached
        until = result.valid_until
        expires_at = time.monotonic() + min(result.fresh_for, until - time.time())
        cached = L1Entry(
            result.meta,
            result.etag,
            {variant: result.body},
            result.tags,
            expires_at,
            start=result.start,
            valid_until=until,
        )
        return cached if self.l1.put(key, cached, generation) else None

    def _store_value(
        self,
        ticket: BuildTicket,
        value: StoredValue,
        tags: tuple[str, ...],
        ttl: float,
        hard: float,
        older: Mapping[str, int],
    ) -> bool:
        kind, key, now = ticket.entry.kind.name, ticket.entry.key, time.monotonic()
        self.counters.record_time(kind, "build", now - ticket.started_at)
        if STALE in tags:
            ticket._release()
            return False
        if sum(map(len, value.bodies.values())) > MAX_BYTES:
            self.counters.add(kind, "too_large")
            log.warning("%s is too large for the cache", key)
            ticket._discard_old()
            return False
        ttl = min(ttl, value.valid_until - time.time())
        if ttl <= 0:
            ticket._discard_old()
            return False
        if ticket.lease is None:
            if ticket.is_outage:
                cached = _make_l1_entry(value, tags, now + min(ticket.entry.kind.outage_ttl, ttl))
                return self.outage_l1.put(key, cached, ticket.generation)
            return False
        start = int(ticket.lease.start)
        try:
            filled = self.l2.fill(
                key,
                ticket.lease,
                value,
                tags,
                ttl=ttl,
                hard=hard,
                took=now - ticket.started_at,
                relaxed=ticket.relaxed,
                older={tag: read_at for tag, read_at in older.items() if read_at < start},
            )
        except RedisUnavailable:
            return False
        self.counters.add(kind, "stored" if filled else "refused")
        if filled == "stored" and self.receives_invalidations():
            self.l1.put(key, _make_l1_entry(value, tags, now + ttl * 0.9, start), ticket.generation)
        return filled != ""

    def _build_alone(self, entry: CacheEntry) -> BuildTicket:
        self.counters.add(entry.kind.name, "alone")
        return self.make_detached_ticket(entry)

    def _count_waiting(self, kind: str, waited: bool) -> None:
        if not waited:
            self.counters.add(kind, "waited")


def _make_l1_entry(value: StoredValue, tags: tuple[str, ...], expires_at: float, start: int = 0) -> L1Entry:
    bodies, until = dict(value.bodies), value.valid_until
    return L1Entry(value.meta, value.etag, bodies, tags, expires_at, start=start, valid_until=until)
