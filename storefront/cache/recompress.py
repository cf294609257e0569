"""Background recompression of popular pages at the best quality.

A page is compressed quickly when it is built, since a visitor waits for it. One answer in 32 enqueues its page here,
so the most requested pages come first. A process spends at most a twentieth of a core on it, and its result serves
all processes.
"""

from __future__ import annotations

import logging
import time
from collections import deque

import brotli
from flask import Flask

from storefront.cache.store import CacheStore
from storefront.pauses import run_in_thread
from storefront.periodic import PeriodicTask
from storefront.web import compression

log = logging.getLogger(__name__)

INTERVAL = 0.5  # seconds between checks of the queue
PAUSE_FACTOR = 19  # pauses are this many times as long as the work took
MAX_QUEUED = 50  # pages
VARIANT, QUALITY = "br", 11


class Recompressor:
    """The queue of pages to compress again, and the thread that does it."""

    def __init__(self, app: Flask, store: CacheStore) -> None:
        self._store = store
        self._queue: deque[str] = deque(maxlen=MAX_QUEUED)
        self._pause = INTERVAL
        self.task = PeriodicTask("cache-recompressor", self._recompress_next, lambda: self._pause, app=app)

    def enqueue(self, key: str) -> None:
        """Have a popular page compressed again."""
        self._queue.append(key)

    def recompress(self, key: str) -> bool:
        """Compress a page again, unless that was done; return whether L1 has the smaller form now."""
        entry = self._store.l1.get(key)
        if entry is None or entry.is_recompressed or VARIANT not in entry.bodies:
            return False
        smallest = self._store.l2.replace_body(key, entry.etag, VARIANT, b"")
        if smallest == b"":
            body = entry.bodies[VARIANT]
            smaller = run_in_thread(
                lambda: compression.encode(brotli.decompress(body), VARIANT, quality=QUALITY)
            )
            smallest = self._store.l2.replace_body(key, entry.etag, VARIANT, min(body, smaller, key=len))
        if not smallest:
            return False  # the page was built again meanwhile
        self._store.l1.replace_body(key, entry, VARIANT, smallest)
        return True

    def _recompress_next(self) -> None:
        self._pause = INTERVAL
        if not self._queue:
            return
        key, began = self._queue.popleft(), time.perf_counter()
        try:
            self.recompress(key)
        except Exception as error:  # noqa: BLE001  # Redis is down, or the page is damaged
            log.info("%s could not be compressed again: %s", key, error)
        self._pause = max(INTERVAL, PAUSE_FACTOR * (time.perf_counter() - began))
