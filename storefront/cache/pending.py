"""What Redis could not be told: until it has been, what it holds under these tags is not answered by this process."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable


class PendingInvalidations:
    """Tags that were dropped here while Redis was away, or took no writes.

    Args:
        seconds: how long a tag is remembered. The outbox tries more often than that, and each time it is owed anew.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._until: dict[str, float] = {}
        self._lock = threading.Lock()

    def add(self, tags: Iterable[str]) -> None:
        """Remember that Redis has not been told of these."""
        now = time.monotonic()
        with self._lock:
            kept = {tag: until for tag, until in self._until.items() if until > now}
            self._until = kept | dict.fromkeys(tags, now + self._seconds)

    def discard(self, tags: Iterable[str], began: float) -> None:
        """Forget what has been told, unless it came to be owed again since the telling began (monotonic seconds)."""
        if not self._until:
            return
        told = set(tags)
        with self._lock:
            self._until = {
                tag: until
                for tag, until in self._until.items()
                if tag not in told or until > began + self._seconds
            }

    def contains_any(self, tags: Iterable[str]) -> bool:
        """Return whether one of these is owed."""
        owed = self._until
        if not owed:
            return False
        now = time.monotonic()
        return any(owed.get(tag, 0.0) > now for tag in tags)
