"""Counters of what the cache did, by kind of entry; cheap enough to count every look-up."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from typing import Literal

Event = Literal[
    "hit_local",  # answered from L1
    "hit_shared",  # answered from L2
    "hit_stale",  # answered with an old value, during a build or because the source failed
    "miss",  # built while a visitor waited
    "renewed",  # built in the background while visitors got the old value
    "waited",  # waited for another build of the same entry
    "alone",  # built without storing, after waiting too long
    "away",  # built or answered without Redis
    "stored",
    "refused",  # built but not stored: a write came first
    "too_large",
    "undecodable",
    "not_public",  # not stored: the response must not be shared
    "not_modified",  # answered 304
]

BOUNDS_MS = (0.2, 0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 10_000)
_SAMPLE_INTERVAL = 32


class CacheCounters:
    """Counts of one process since it started; `take_new` returns those since its last call."""

    def __init__(self) -> None:
        self.total: Counter[tuple[str, str]] = Counter()
        self._taken: Counter[tuple[str, str]] = Counter()
        self._popular: Counter[str] = Counter()
        self._requests = 0

    def add(self, kind: str, event: Event, number: int = 1) -> None:
        """Count an event of a kind of entry."""
        self.total[kind, event] += number

    def record_time(self, kind: str, what: Literal["look", "build"], seconds: float) -> None:
        """Count the duration of a look-up or a build in a histogram."""
        bound = BOUNDS_MS[min(bisect_left(BOUNDS_MS, seconds * 1000), len(BOUNDS_MS) - 1)]
        self.total[kind, f"{what}<={bound:g}"] += 1

    def count_request(self, address: str) -> bool:
        """Count a request by its address; return whether it was sampled. One in 32 finds the most requested ones."""
        self._requests += 1
        if self._requests % _SAMPLE_INTERVAL:
            return False
        self._popular[address] += _SAMPLE_INTERVAL
        return True

    def take_new(self) -> dict[tuple[str, str], int]:
        """Return the counts since the last call."""
        now = Counter(self.total)
        new = {key: number - self._taken[key] for key, number in now.items() if number != self._taken[key]}
        self._taken = now
        return new

    def restore(self, counts: dict[tuple[str, str], int]) -> None:
        """Put counts back that could not be sent; the next `take_new` returns them again."""
        self._taken.subtract(counts)

    def take_popular(self) -> Counter[str]:
        """Return the sampled addresses since the last call, and about how often each was requested."""
        hot, self._popular = self._popular, Counter()
        return hot
