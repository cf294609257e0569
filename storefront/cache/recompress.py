"""Pages that are asked for often are compressed again in the background, as well as can be.

A page is compressed quickly when it is built, since somebody waits for it. One answer in 32 names its page here, so
the hottest come first; a process spends at most a twentieth of a core on it, and what one has done serves the others.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable

import brotli
from flask import Flask

from storefront.cache.store import Store
from storefront.web import compression

log = logging.getLogger(__name__)

EVERY = 0.5  # seconds between looks for something to do
REST = 19  # times as long as the work took
MOST = 50  # pages that wait
VARIANT, BEST = "br", 11


class Recompressor:
    """What is to be compressed again, and the thread that does it."""

    def __init__(self, app: Flask, store: Store) -> None:
        self._app, self._store = app, store
        self._wanted: deque[str] = deque(maxlen=MOST)
        self._stopped = threading.Event()

    def want(self, key: str) -> None:
        """Say that this page is asked for often."""
        self._wanted.append(key)

    def start(self) -> None:
        """Start the thread, in the process that serves."""
        self._stopped = threading.Event()
        threading.Thread(target=self._run, args=(self._stopped,), name="cache-polish", daemon=True).start()

    def stop(self) -> None:
        """Let the thread end."""
        self._stopped.set()

    def one(self, key: str) -> bool:
        """Compress a page again, unless that was done; return whether this process has its best form now."""
        copy = self._store.local.get(key)
        if copy is None or copy.best or VARIANT not in copy.bodies:
            return False
        found = self._store.shared.improve(key, copy.etag, VARIANT, b"")
        if found == b"":
            body = copy.bodies[VARIANT]
            smaller = _aside(lambda: compression.encode(brotli.decompress(body), VARIANT, quality=BEST))
            found = self._store.shared.improve(key, copy.etag, VARIANT, min(body, smaller, key=len))
        if not found:
            return False  # it was built anew meanwhile
        self._store.local.swap(key, copy, VARIANT, found)
        return True

    def _run(self, stopped: threading.Event) -> None:
        rest = EVERY
        while not stopped.wait(rest):
            rest = EVERY
            if not self._wanted:
                continue
            key, began = self._wanted.popleft(), time.perf_counter()
            try:
                with self._app.app_context():
                    self.one(key)
            except Exception as error:  # noqa: BLE001  # Redis is away, or the page is broken: it is small enough
                log.info("%s could not be compressed again: %s", key, error)
            rest = max(EVERY, REST * (time.perf_counter() - began))


def _aside(work: Callable[[], bytes]) -> bytes:
    """Do some work that lets go of the interpreter in a thread of its own, where threads are no threads."""
    from gevent import get_hub, monkey  # costs a start of `flask` nothing

    if not monkey.is_module_patched("threading"):
        return work()
    return bytes(get_hub().threadpool.apply(work))
