"""Tags whose invalidation has not reached Redis yet.

Until it has, this process ignores Redis entries that carry them.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable


class PendingInvalidations:
    """Tags that this process invalidated while Redis was down or accepted no writes.

    Args:
        seconds: how long a tag is remembered. The outbox retries more often, and adds the tag again each time.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._until: dict[str, float] = {}
        self._lock = threading.Lock()

    def add(self, tags: Iterable[str]) -> None:
        """Remember tags whose invalidation did not reach Redis."""
        now = time.monotonic()
        with self._lock:
            kept = {tag: until for tag, until in self._until.items() if until > now}
            self._until = kept | dict.fromkeys(tags, now + self._seconds)

    def discard(self, tags: Iterable[str], began: float) -> None:
        """Forget tags that have reached Redis, except those added again after `began` (monotonic seconds)."""
        if not self._until:
            return
        delivered = set(tags)
        with self._lock:
            self._until = {
                tag: until
                for tag, until in self._until.items()
                if tag not in delivered or until > began + self._seconds
            }

    def contains_any(self, tags: Iterable[str]) -> bool:
        """Return whether the invalidation of one of these has not reached Redis."""
        pending = self._until
        if not pending:
            return False
        now = time.monotonic()
        return any(pending.get(tag, 0.0) > now for tag in tags)
