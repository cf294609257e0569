"""What the cache did, counted per kind of entry: cheap enough to count everything."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from typing import Literal

Event = Literal[
    "hit_local",  # answered by this process's own copy
    "hit_shared",  # answered by Redis
    "hit_stale",  # answered with an old value, while somebody builds or since the source fails
    "miss",  # built
    "waited",  # waited for somebody else's build
    "alone",  # built without storing: waited too long
    "away",  # built or answered without Redis
    "stored",
    "refused",  # built, but a write had overtaken it
    "too_large",
    "undecodable",
    "not_public",  # a response that must not be shared, kept out
    "not_modified",  # answered 304
]

BOUNDS_MS = (0.2, 0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 10_000)
_SAMPLE_INTERVAL = 32


class CacheCounters:
    """Counts of one process since it started; `take` gives what came since the last time it was asked."""

    def __init__(self) -> None:
        self.total: Counter[tuple[str, str]] = Counter()
        self._taken: Counter[tuple[str, str]] = Counter()
        self._popular: Counter[str] = Counter()
        self._requests = 0

    def add(self, kind: str, event: Event, number: int = 1) -> None:
        """Count an event of a kind of entry."""
        self.total[kind, event] += number

    def record_time(self, kind: str, what: Literal["look", "build"], seconds: float) -> None:
        """Count how long something took, in a histogram."""
        bound = BOUNDS_MS[min(bisect_left(BOUNDS_MS, seconds * 1000), len(BOUNDS_MS) - 1)]
        self.total[kind, f"{what}<={bound:g}"] += 1

    def count_request(self, address: str) -> bool:
        """Count an address that was asked for: one in a few, which is enough to know the hottest. True for those."""
        self._requests += 1
        if self._requests % _SAMPLE_INTERVAL:
            return False
        self._popular[address] += _SAMPLE_INTERVAL
        return True

    def take_new(self) -> dict[tuple[str, str], int]:
        """Return what was counted since the last call."""
        now = Counter(self.total)
        news = {key: number - self._taken[key] for key, number in now.items() if number != self._taken[key]}
        self._taken = now
        return news

    def restore(self, news: dict[tuple[str, str], int]) -> None:
        """Count as untold again what could not be told."""
        self._taken.subtract(news)

    def take_popular(self) -> Counter[str]:
        """Return which addresses were asked for since the last call, and about how often."""
        hot, self._popular = self._popular, Counter()
        return hot
