"""A thread that settles with Redis in the background, as long as there is something to settle."""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Callable

EVERY = 0.1  # seconds
IDLE = 20  # rounds without work after which it ends

log = logging.getLogger(__name__)


class Settler:
    """Calls `work` every 100 ms once woken, until that has had nothing to do for two seconds."""

    def __init__(self, work: Callable[[], bool]) -> None:
        self._work = work
        self._lock = threading.Lock()
        self._awake = 0  # the process in which the thread runs

    def wake(self) -> None:
        """Make sure that the thread runs, in this process; cheap if it does."""
        if self._awake == os.getpid():
            return
        with self._lock:
            if self._awake == os.getpid():
                return
            thread = threading.Thread(target=self._run, name="rate-limits-settler", daemon=True)
            try:
                thread.start()
            except RuntimeError:  # no more threads, or the process is ending: the next request tries again
                return
            self._awake = os.getpid()

    def _run(self) -> None:
        idle = 0
        while idle < IDLE:
            time.sleep(EVERY)
            try:
                idle = 0 if self._work() else idle + 1
            except Exception:
                log.exception("the rate limits could not be settled")
                idle += 1
        with self._lock:
            self._awake = 0
        # What came between the last round and this line would wait for the next request.
        if self._work():
            self.wake()
