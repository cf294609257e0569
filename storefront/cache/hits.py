"""What a look-up finds."""

from __future__ import annotations

import math
import time
from typing import NamedTuple

from storefront.cache.l1 import L1Entry


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
