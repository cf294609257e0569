"""L1, the first level: entries in the memory of one process, bounded in bytes.

An invalidation drops entries as soon as the process receives it. An entry may only be put into L1 if none of its tags
was invalidated since its look-up began: `generation` counts the invalidations.

A page stays after a relaxed invalidation, and may be answered for its grace. Some time before the grace ends, one
look-up finds nothing, and so begins to renew the page: late, so that many invalidations cost one build.
"""

from __future__ import annotations

import math
import random
import threading
import time
from collections import OrderedDict, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from itertools import islice

# Tags whose last invalidation is remembered: as many as one transaction may name, twice. Of more, the oldest are
# forgotten, and an entry whose look-up began before that is refused.
MAX_REMEMBERED_TAGS = 100_000
# Before the key of an entry: as a tag, it drops this entry alone.
KEY = "key:"
# In which part of the grace a page is renewed. They are spread: thousands of pages may miss the same invalidation.
RENEWAL_BEGINS, RENEWAL_ENDS = 0.2, 0.6
RENEWAL_RETRY = 1.0  # seconds after which another look-up tries to renew the page
# The message of an invalidation was on its way for some time; then L2 knows how much of the grace is left.
KNOWN_GRACE = 0.95


@dataclass(slots=True)
class L1Entry:
    """An entry in this process.

    Attributes:
        meta: opaque to the cache.
        etag: of the value.
        bodies: by variant; others are added when they are requested.
        tags: that invalidate it.
        expires_at: monotonic seconds; the end of its soft TTL.
        start: the clock of the tag times when its build began; 0 if Redis was away.
        size: estimated bytes in memory.
        used_at: monotonic seconds of its last use.
        passed_at: when an eviction spared it, because it had been used.
        valid_until: seconds since the epoch; the value is wrong from then on.
        is_recompressed: whether its bodies are as small as they can be.
        memo: what readers have derived from it, so that they need not do it again.
        has_grace: whether it may be answered for the grace after a relaxed invalidation: it is a page.
        grace_ends: monotonic seconds; None unless it misses a relaxed invalidation.
        renew_at: monotonic seconds at which a look-up should renew it, if it has a grace.
    """

    meta: bytes
    etag: str
    bodies: dict[str, bytes]
    tags: tuple[str, ...]
    expires_at: float
    start: int = 0
    size: int = 0
    used_at: float = 0.0
    passed_at: float = 0.0
    valid_until: float = math.inf
    is_recompressed: bool = False
    memo: dict[str, object] = field(default_factory=dict)
    has_grace: bool = False
    grace_ends: float | None = None
    renew_at: float = 0.0

    def begin_grace(self, seconds: float) -> None:
        """Let it be answered for so long, unless an earlier grace goes on."""
        now = time.monotonic()
        if self.grace_ends is None:
            self.renew_at = now + seconds * random.uniform(RENEWAL_BEGINS, RENEWAL_ENDS)  # noqa: S311
            self.grace_ends = now + seconds


class L1:
    """The first level of one process.

    Args:
        limit: bytes that all entries may take together.
        grace: seconds for which pages may be answered after a relaxed invalidation.
    """

    def __init__(self, limit: int, grace: float = 0.0) -> None:
        self.limit = limit
        self._grace = grace * KNOWN_GRACE
        self.size = 0
        self.generation = 0
        self.evicted = 0
        self._entries: OrderedDict[str, L1Entry] = OrderedDict()
        self._by_tag: defaultdict[str, set[str]] = defaultdict(set)
        self._invalidated: dict[str, int] = {}
        self._oldest_generation = 0
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._entries)

    def get(self, key: str) -> L1Entry | None:
        """Return the entry if there is one that is still fresh. Takes no lock."""
        entry = self._entries.get(key)
        if entry is None or entry.expires_at < (now := time.monotonic()) or entry.grace_ends is not None:
            return None
        entry.used_at = now
        return entry

    def get_in_grace(self, key: str, *, renews: bool) -> L1Entry | None:
        """Return the entry if it is in its grace; None if it is not, or if it is time to renew it.

        Args:
            key: of the entry.
            renews: the caller renews the entry if it gets None; others get it for a while.
        """
        entry = self.peek(key)
        if entry is None or entry.grace_ends is None or entry.grace_ends < (now := time.monotonic()):
            return None
        if entry.renew_at < now:
            if renews:
                entry.renew_at = now + RENEWAL_RETRY
            return None
        entry.used_at = now
        return entry

    def peek(self, key: str) -> L1Entry | None:
        """Return the entry if there is one, fresh or not; not from the moment at which it became wrong."""
        entry = self._entries.get(key)
        return None if entry is None or entry.valid_until <= time.time() else entry

    def list_uses(self) -> dict[str, float]:
        """Return when each entry was used last (monotonic seconds), by key; 0.0: never here."""
        with self._lock:
            return {key: entry.used_at for key, entry in self._entries.items()}

    def put(self, key: str, entry: L1Entry, generation: int) -> bool:
        """Add an entry whose look-up began in this generation; return whether it was accepted."""
        entry.size = _estimate_size(key, entry)
        with self._lock:
            if generation < self._oldest_generation or any(
                self._invalidated.get(tag, -1) > generation for tag in (*entry.tags, f"{KEY}{key}")
            ):
                return False
            if entry.size > self.limit // 4:
                return False
            self._remove(key)
            self._entries[key] = entry
            self.size += entry.size
            for tag in entry.tags:
                self._by_tag[tag].add(key)
            self._evict()
        return True

    def add_variant(self, key: str, entry: L1Entry, variant: str, body: bytes) -> None:
        """Add a variant to an entry, if it is still here."""
        with self._lock:
            if self._entries.get(key) is entry and variant not in entry.bodies:
                entry.bodies[variant] = body
                entry.size += len(body)
                self.size += len(body)
                self._evict()

    def replace_body(self, key: str, entry: L1Entry, variant: str, body: bytes) -> None:
        """Replace an entry by one with a smaller form of a body, if it is still here."""
        bodies = entry.bodies | {variant: body}
        better = replace(entry, bodies=bodies, is_recompressed=True, memo={})
        better.size = _estimate_size(key, better)
        with self._lock:
            if self._entries.get(key) is entry:
                self.size += better.size - entry.size
                self._entries[key] = better

    def invalidate(self, tags: Iterable[str], *, relaxed: bool = False) -> set[str]:
        """Drop every entry with one of these tags, and refuse those whose look-up has begun; return the keys.

        A relaxed invalidation begins the grace of those that have one.
        """
        dropped: set[str] = set()
        with self._lock:
            self.generation += 1
            for tag in tags:
                self._invalidated.pop(tag, None)
                self._invalidated[tag] = self.generation  # at the end of the order
                keys = set(self._by_tag.get(tag, ()))
                if tag.startswith(KEY):
                    keys = {tag.removeprefix(KEY)} & self._entries.keys()
                dropped |= keys
                for key in keys:
                    self._miss(key, relaxed=relaxed)
            too_many = len(self._invalidated) - MAX_REMEMBERED_TAGS
            for tag in list(islice(self._invalidated, max(0, too_many))):
                self._oldest_generation = self._invalidated.pop(tag)
        return dropped

    def discard(self, key: str) -> None:
        """Drop an entry, if it is here."""
        with self._lock:
            self._remove(key)

    def clear(self) -> None:
        """Drop everything, and refuse entries whose look-up has begun."""
        with self._lock:
            self._clear()

    def _clear(self) -> None:
        self.generation += 1
        self._oldest_generation = self.generation
        self._invalidated.clear()
        self._entries.clear()
        self._by_tag.clear()
        self.size = 0

    def _evict(self) -> None:
        """Make room: drop the oldest entry, unless it was used since the last eviction saw it (second chance)."""
        while self.size > self.limit and self._entries:
            key, entry = next(iter(self._entries.items()))
            if entry.used_at > entry.passed_at:
                entry.passed_at = time.monotonic()
                self._entries.move_to_end(key)
                continue
            self._remove(key)
            self.evicted += 1

    def _miss(self, key: str, *, relaxed: bool) -> None:
        """Drop an entry that misses an invalidation, or begin its grace."""
        entry = self._entries.get(key)
        if entry is not None and relaxed and self._grace and entry.has_grace:
            entry.begin_grace(self._grace)
        else:
            self._remove(key)

    def _remove(self, key: str) -> None:
        entry = self._entries.pop(key, None)
        if entry is None:
            return
        self.size -= entry.size
        for tag in entry.tags:
            if (others := self._by_tag.get(tag)) is not None:
                others.discard(key)
                if not others:
                    del self._by_tag[tag]


def _estimate_size(key: str, entry: L1Entry) -> int:
    bodies = sum(len(body) for body in entry.bodies.values())
    return 600 + len(key) + len(entry.meta) + bodies + sum(60 + len(tag) for tag in entry.tags)
