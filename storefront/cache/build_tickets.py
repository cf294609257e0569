"""The task to build an entry: its lease, its filling, and how it is given up."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from math import ceil
from typing import TYPE_CHECKING

from storefront.cache.hits import CacheHit
from storefront.cache.keys import HARD_TTL, CacheEntry
from storefront.cache.l2 import Lease, StoredValue
from storefront.cache.single_flight import Flight
from storefront.redis_roles import RedisUnavailable

if TYPE_CHECKING:
    from storefront.cache.store import CacheStore


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
            return self.store.store_value(
                self, value, self.store.tag_modes.complete_tags(tags), ttl, hard, older or {}
            )
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
        self.release()
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

    def release(self) -> None:
        """Give up the lease: another process may build."""
        if self.lease is not None:
            with contextlib.suppress(RedisUnavailable):
                self.store.l2.release(self.entry.key, self.lease)

    def discard_old(self) -> None:
        """Give up the lease, and the old value: nothing takes its place, so it would be answered until its end."""
        if self.lease is not None:
            with contextlib.suppress(RedisUnavailable):
                self.store.l2.delete(self.entry.key)
        self.release()

    def _close(self) -> None:
        self.closed = True
        if self.flight is not None:
            self.store.flights.end(self.entry.key, self.flight)
