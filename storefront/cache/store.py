"""The look-up in both levels of the cache: the choice of one builder, waiting for it, and outages of Redis.

`look_up` returns a CacheHit or a BuildTicket. The holder of a ticket builds the value and calls `fill`, or `abandon`
if the build failed. Other look-ups of the same key in this process wait for that (single-flight).
"""

from __future__ import annotations

import contextlib
import random
import time
from collections.abc import Iterable

from storefront.cache.build_tickets import BuildTicket
from storefront.cache.hits import CacheHit
from storefront.cache.keys import CacheEntry
from storefront.cache.l2 import L2, L2Entry, Lease
from storefront.cache.levels import MAX_BYTES, CacheLevels, LocalInvalidation
from storefront.cache.single_flight import Flight, SingleFlight
from storefront.cache.tag_modes import TagModes
from storefront.redis_roles import RedisUnavailable

__all__ = ["MAX_BYTES", "BuildTicket", "CacheHit", "CacheStore", "LocalInvalidation"]

MAX_WAIT = 3.0  # seconds; a look-up that waits longer builds without storing


class CacheStore(CacheLevels):
    """The cache of one process.

    Args:
        l2: the second level.
        l1_bytes: the size of the first level.
        ttls: soft TTLs by kind of entry, in seconds, that replace the kinds' own.
        tag_modes: the kinds of tags; by default only those of every app.
    """

    def __init__(
        self, l2: L2, l1_bytes: int, ttls: dict[str, int], tag_modes: TagModes | None = None
    ) -> None:
        super().__init__(l2, l1_bytes)
        self.tag_modes = tag_modes or TagModes()
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
            if not force and (hit := self.find_in_l1(key, variant, etags, relaxed=relaxed, renews=True)):
                self.counters.add(kind, "hit_stale" if hit.detail == "stale" else "hit_local")
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
                    ticket = BuildTicket(self, entry, result, False, generation, flight, relaxed=True)
        finally:
            flight.looked_up.set()
            if ticket is None:
                self.flights.end(entry.key, flight)
        return ticket

    def make_detached_ticket(self, entry: CacheEntry) -> BuildTicket:
        """Return a ticket for a build whose value is not stored."""
        return BuildTicket(self, entry, None, False, 0, None)

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
            copied = self.copy_to_l1(key, variant, result, generation, relaxed=relaxed)
            return self.count_l2_hit(kind, result, copied)
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

    def _build_alone(self, entry: CacheEntry) -> BuildTicket:
        self.counters.add(entry.kind.name, "alone")
        return self.make_detached_ticket(entry)

    def _count_waiting(self, kind: str, waited: bool) -> None:
        if not waited:
            self.counters.add(kind, "waited")
