"""Both levels of the cache: how they are read, filled and invalidated, with and without Redis."""

from __future__ import annotations

import contextlib
import logging
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple

from storefront.cache.build_tickets import BuildTicket
from storefront.cache.counters import CacheCounters
from storefront.cache.hits import CacheHit
from storefront.cache.keys import OUTAGE_TTL, STALE, CacheEntry
from storefront.cache.l1 import KEY, KNOWN_GRACE, L1, RENEWAL_RETRY, L1Entry
from storefront.cache.l2 import L2, L2Entry, StoredValue
from storefront.cache.pending import PendingInvalidations
from storefront.redis_roles import RedisUnavailable

log = logging.getLogger(__name__)

MAX_BYTES = 1024 * 1024


class LocalInvalidation(NamedTuple):
    """An invalidation that reached this process.

    Attributes:
        tags: that were invalidated.
        dropped: the keys of the entries in L1 that carried one of them; pages in their grace are still there.
        relaxed: whether their old values may be shown for the grace.
        is_known_to_redis: whether Redis has it, too; else another call follows.
    """

    tags: tuple[str, ...]
    dropped: set[str]
    relaxed: bool
    is_known_to_redis: bool


class CacheLevels:
    """L1, L2 and the copies that this process keeps while Redis is down.

    Args:
        l2: the second level.
        l1_bytes: the size of the first level.
    """

    def __init__(self, l2: L2, l1_bytes: int) -> None:
        self.l2 = l2
        self.l1 = L1(l1_bytes, l2.grace)
        self.outage_l1 = L1(l1_bytes // 4)
        self.pending = PendingInvalidations(OUTAGE_TTL)
        self.counters = CacheCounters()
        # Whether this process receives every invalidation at once; L1 is not used without that.
        self.receives_invalidations: Callable[[], bool] = lambda: False
        # Called after this process's own entries were dropped.
        self.on_local_invalidation: Callable[[LocalInvalidation], None] = lambda _: None

    def find_in_l1(
        self,
        key: str,
        variant: str,
        etags: Iterable[str] = (),
        *,
        relaxed: bool = False,
        renews: bool = False,
    ) -> CacheHit | None:
        """Return the entry in L1, if L1 is up to date and has the variant (or the client has the entry).

        Args:
            key: of the entry.
            variant: of the body.
            etags: of what the client has.
            relaxed: an entry in its grace will do.
            renews: the caller looks the entry up in L2 if it gets None, and renews it if it is in its grace.
        """
        cached = self.l1.get(key)
        if cached is None and relaxed:
            cached = self.l1.get_in_grace(key, renews=renews)
        if cached is None or not self.receives_invalidations():
            return None
        body = None if cached.etag in etags else cached.bodies.get(variant)
        if body is None and cached.etag not in etags:
            return None
        left, until = cached.expires_at - time.monotonic(), cached.valid_until
        if cached.grace_ends is None:
            return CacheHit(cached.meta, cached.etag, body, cached.tags, left, "L1", cached, until)
        grace = max(0.0, cached.grace_ends - time.monotonic())
        return CacheHit(cached.meta, cached.etag, body, cached.tags, 0.0, "stale", cached, until, grace)

    def find_permitted(
        self, entry: CacheEntry, variant: str, etags: Iterable[str] = (), *, relaxed: bool = False
    ) -> CacheHit | None:
        """Return the old value from Redis while this process builds the new one; None if it was invalidated."""
        generation = self.l1.generation
        with contextlib.suppress(RedisUnavailable):
            result = self.l2.fetch(entry.key, variant, etags=etags, build=False, relaxed=relaxed)
            if isinstance(result, L2Entry) and not self.pending.contains_any(result.tags):
                if relaxed:
                    self._keep_in_grace(entry.key, variant, result, generation)
                return self.count_l2_hit(entry.kind.name, result)
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
            return self.count_l2_hit(entry.kind.name, result)
        for level in (self.outage_l1, self.l1):
            if (cached := level.peek(entry.key)) and variant in cached.bodies:
                self.counters.add(entry.kind.name, "hit_stale")
                body = cached.bodies[variant]
                return CacheHit(
                    cached.meta, cached.etag, body, cached.tags, 0.0, "stale", None, cached.valid_until
                )
        return None

    def invalidate_local(
        self, tags: Iterable[str], *, relaxed: bool = False, is_known_to_redis: bool = True
    ) -> None:
        """Drop this process's own entries with these tags. Until Redis knows, it may still answer old ones."""
        tags = tuple(tags)
        dropped = self.l1.invalidate(tags, relaxed=relaxed)
        self.outage_l1.invalidate(tags)
        self.on_local_invalidation(LocalInvalidation(tags, dropped, relaxed, is_known_to_redis))

    def drop_everywhere(self, keys: Sequence[str]) -> None:
        """Drop these entries from Redis and from the memory of all processes. Without Redis, only here."""
        tags = [f"{KEY}{key}" for key in keys]
        self.invalidate_local(tags, is_known_to_redis=False)
        with contextlib.suppress(RedisUnavailable):
            self.l2.drop(keys, tags)
        self.invalidate_local(tags)

    def store_value(
        self,
        ticket: BuildTicket,
        value: StoredValue,
        tags: tuple[str, ...],
        ttl: float,
        hard: float,
        older: Mapping[str, int],
    ) -> bool:
        """Store a built value; see `BuildTicket.fill`."""
        kind, key, now = ticket.entry.kind.name, ticket.entry.key, time.monotonic()
        self.counters.record_time(kind, "build", now - ticket.started_at)
        if STALE in tags:
            ticket.release()
            return False
        if sum(map(len, value.bodies.values())) > MAX_BYTES:
            self.counters.add(kind, "too_large")
            log.warning("%s is too large for the cache", key)
            ticket.discard_old()
            return False
        ttl = min(ttl, value.valid_until - time.time())
        if ttl <= 0:
            ticket.discard_old()
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
        made = _make_l1_entry(value, tags, now + ttl * 0.9, start, has_grace=ticket.relaxed)
        is_current = filled == "stored" and self.receives_invalidations()
        if filled and not (is_current and self.l1.put(key, made, ticket.generation)):
            self.l1.discard(key)  # an older one, in its grace
        return filled != ""

    def count_l2_hit(self, kind: str, found: L2Entry, l1_entry: L1Entry | None = None) -> CacheHit:
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

    def copy_to_l1(
        self, key: str, variant: str, result: L2Entry, generation: int, *, relaxed: bool = False
    ) -> L1Entry | None:
        """Put what Redis answered into L1, or add the variant to the entry in L1; `relaxed`: it may have a grace."""
        if relaxed and result.grace_left is not None:
            self._keep_in_grace(key, variant, result, generation)
            return None
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
            has_grace=relaxed,
        )
        return cached if self.l1.put(key, cached, generation) else None

    def _keep_in_grace(self, key: str, variant: str, result: L2Entry, generation: int) -> None:
        """Put an old page that somebody renews into L1, for what is left of its grace."""
        if result.grace_left is None or result.body is None or not self.receives_invalidations():
            return
        before, now = self.l1.peek(key), time.monotonic()
        if before is not None and before.grace_ends is None and before.expires_at > now:
            return  # somebody has renewed it meanwhile
        if before is not None and before.start == result.start:
            self.l1.add_variant(key, before, variant, result.body)
            return
        kept = L1Entry(result.meta, result.etag, {variant: result.body}, result.tags, now + result.grace_left)
        kept.start, kept.valid_until, kept.has_grace = result.start, result.valid_until, True
        kept.grace_ends, kept.renew_at = now + result.grace_left * KNOWN_GRACE, now + RENEWAL_RETRY
        self.l1.put(key, kept, generation)


def _make_l1_entry(
    value: StoredValue, tags: tuple[str, ...], expires_at: float, start: int = 0, *, has_grace: bool = False
) -> L1Entry:
    bodies, until = dict(value.bodies), value.valid_until
    made = L1Entry(value.meta, value.etag, bodies, tags, expires_at, start=start, valid_until=until)
    made.has_grace = has_grace
    return made
