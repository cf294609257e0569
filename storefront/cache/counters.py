"""What the cache did, counted per kind of entry: cheap enough to count everything."""

from __future__ import annotations

from collections import Counter
from typing import Literal

Event = Literal[
    "hit_local",  # answered by this process's own copy
    "hit_shared",  # answered by Redis
    "hit_stale",  # answered with an old value, while somebody builds or since the source fails
    "miss",  # built
    "waited",  # waited for somebody else's build
    "alone",  # built without storing: waited too long, or Redis takes no writes
    "away",  # built or answered without Redis
    "stored",
    "refused",  # built, but a write had overtaken it
    "too_large",
    "undecodable",
    "not_public",  # a response that must not be shared, kept out
    "not_modified",  # answered 304
]


class Counters:
    """Counts of one process since it started; `take` gives what came since the last time it was asked."""

    def __init__(self) -> None:
        self.total: Counter[tuple[str, str]] = Counter()
        self._told: Counter[tuple[str, str]] = Counter()

    def add(self, kind: str, event: Event, number: int = 1) -> None:
        """Count an event of a kind of entry."""
        self.total[kind, event] += number

    def take(self) -> dict[tuple[str, str], int]:
        """Return what was counted since the last call."""
        now = Counter(self.total)
        news = {key: number - self._told[key] for key, number in now.items() if number != self._told[key]}
        self._told = now
        return news
