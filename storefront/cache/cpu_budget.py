"""A budget of processor time for work in the background, as a token bucket.

All workers of an app share a budget evenly: each has its part. A part that a worker does not use is not given to
another, so together they stay below the budget.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from storefront.pauses import processor_time

BURST = 10.0  # seconds whose budget may be saved up


class CpuBudget:
    """The part of one worker.

    Args:
        percent: of a core, for all workers together.
        workers: the number of workers that share it (STOREFRONT_WORKERS).
    """

    def __init__(self, percent: float, workers: int) -> None:
        self._rate = percent / 100 / max(1, workers)  # seconds of processor time a second
        self._saved = self._most = self._rate * BURST
        self._at = time.monotonic()

    def seconds_until_free(self) -> float:
        """Return the seconds until more work may begin; 0.0 if it may begin now."""
        now = time.monotonic()
        self._saved = min(self._most, self._saved + (now - self._at) * self._rate)
        self._at = now
        return 0.0 if self._saved > 0 else -self._saved / self._rate + 0.001

    @contextmanager
    def spend(self) -> Iterator[None]:
        """Spend the processor time that this thread takes for the block.

        In a gevent worker all greenlets share a thread. What others take during the block's pauses is theirs; what
        they take while it waits for Redis is counted, too, so the budget is rather left unused than exceeded.
        """
        began = processor_time()
        try:
            yield
        finally:
            self._saved -= processor_time() - began
