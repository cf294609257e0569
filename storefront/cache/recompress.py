"""Pages that are asked for often are compressed again in the background, as well as can be.

A page is compressed quickly when it is built, since somebody waits for it. One answer in 32 names its page here, so
the hottest come first; a process spends at most a twentieth of a core on it, and what one has done serves the others.
"""

from __future__ import annotations

import logging
import time
from collections import deque
from collections.abc import Callable

import brotli
from flask import Flask

from storefront.cache.store import CacheStore
from storefront.periodic import PeriodicTask
from storefront.web import compression

log = logging.getLogger(__name__)

INTERVAL = 0.5  # seconds between looks for something to do
PAUSE_FACTOR = 19  # times as long as the work took
MAX_QUEUED = 50  # pages that wait
VARIANT, QUALITY = "br", 11


class Recompressor:
    """What is to be compressed again, and the thread that does it."""

    def __init__(self, app: Flask, store: CacheStore) -> None:
        self._store = store
        self._queue: deque[str] = deque(maxlen=MAX_QUEUED)
        self._pause = INTERVAL
        self.task = PeriodicTask("cache-recompressor", self._recompress_next, lambda: self._pause, app=app)

    def enqueue(self, key: str) -> None:
        """Say that this page is asked for often."""
        self._queue.append(key)

    def recompress(self, key: str) -> bool:
        """Compress a page again, unless that was done; return whether this process has its best form now."""
        copy = self._store.l1.get(key)
        if copy is None or copy.is_recompressed or VARIANT not in copy.bodies:
            return False
        found = self._store.l2.replace_body(key, copy.etag, VARIANT, b"")
        if found == b"":
            body = copy.bodies[VARIANT]
            smaller = _run_in_thread(
                lambda: compression.encode(brotli.decompress(body), VARIANT, quality=QUALITY)
            )
            found = self._store.l2.replace_body(key, copy.etag, VARIANT, min(body, smaller, key=len))
        if not found:
            return False  # it was built anew meanwhile
        self._store.l1.replace_body(key, copy, VARIANT, found)
        return True

    def _recompress_next(self) -> None:
        self._pause = INTERVAL
        if not self._queue:
            return
        key, began = self._queue.popleft(), time.perf_counter()
        try:
            self.recompress(key)
        except Exception as error:  # noqa: BLE001  # Redis is away, or the page is broken: it is small enough
            log.info("%s could not be compressed again: %s", key, error)
        self._pause = max(INTERVAL, PAUSE_FACTOR * (time.perf_counter() - began))


def _run_in_thread(work: Callable[[], bytes]) -> bytes:
    """Do some work that lets go of the interpreter in a thread of its own, where threads are no threads."""
    from gevent import get_hub, monkey  # costs a start of `flask` nothing

    if not monkey.is_module_patched("threading"):
        return work()
    return bytes(get_hub().threadpool.apply(work))
