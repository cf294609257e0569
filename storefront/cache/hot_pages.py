"""Hot pages: those that were requested often are built again right after their invalidation, before the next visitor.

One answer in 32 is counted. An invalidation drops pages from this worker's memory; those of them that were counted in
the last minutes are queued. A page that begins its grace is queued shortly before that ends, if no visitor has
renewed it. The lease decides which worker builds a page, and a budget of processor time bounds the work: a bulk
change may drop the same pages again and again.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from flask import Flask

from storefront.cache import page_renderer
from storefront.cache.cpu_budget import CpuBudget
from storefront.cache.page_renderer import PageAddress
from storefront.cache.store import CacheStore
from storefront.cache.visitor_builds import VisitorBuilds
from storefront.pauses import give_way
from storefront.periodic import PeriodicTask

log = logging.getLogger(__name__)

MAX_PAGES = 500  # remembered, and so the most that can be queued
HOT_SECONDS = 300.0  # for which a counted request makes a page hot
GRACE_PART = 0.8  # of its grace, after which a page is queued
_IDLE_INTERVAL = 60.0  # seconds; an invalidation wakes the thread


class _HotPage(NamedTuple):
    address: PageAddress
    requests: int  # counted ones
    last_at: float


class HotPages:
    """The pages requested often of one worker, those that wait to be built again, and the thread that builds them."""

    def __init__(
        self, app: Flask, store: CacheStore, visitors: VisitorBuilds, percent: float, workers: int
    ) -> None:
        self._app = app
        self._store = store
        self._visitors = visitors
        self._budget = CpuBudget(percent, workers) if percent > 0 else None
        self._pages: dict[str, _HotPage] = {}  # the one that was counted last is at the end
        self._dropped: set[str] = set()
        # When each will be queued (monotonic seconds), the first one first.
        self._in_grace: dict[str, float] = {}
        self._announced: set[str] = set()  # dropped here, and Redis does not know yet
        self._lock = threading.Lock()
        self._idle = threading.Event()
        self._idle.set()
        self._pause = _IDLE_INTERVAL
        self.task = PeriodicTask("cache-hot-pages", self._build_next, lambda: self._pause, app=app)

    def start(self) -> None:
        """Start the thread in this process, unless the budget is 0."""
        if self._budget is not None:
            self.task.start()

    def stop(self) -> None:
        """End the thread after its present page."""
        self.task.stop()
        with self._lock:
            self._dropped.clear()
            self._in_grace.clear()
            self._announced.clear()
            self._idle.set()

    def count(self, key: str, environ: Mapping[str, Any]) -> None:
        """Count a request for a page, by the key of its entry; one request in 32 is enough."""
        if self._budget is None:
            return
        address, now = PageAddress.of_request(environ), time.monotonic()
        with self._lock:
            before = self._pages.pop(key, None)
            requests = before.requests if before and now - before.last_at < HOT_SECONDS else 0
            self._pages[key] = _HotPage(address, requests + 1, now)
            if len(self._pages) > MAX_PAGES:
                del self._pages[next(iter(self._pages))]

    def begin_grace(self, keys: Iterable[str], seconds: float) -> None:
        """Queue those of the entries that are hot pages, when most of this grace is over."""
        if not self._pages or not self.task.is_running:
            return
        due = time.monotonic() + seconds * GRACE_PART
        with self._lock:
            for key in keys:
                if key in self._pages:
                    self._in_grace.setdefault(key, due)
        self.task.wake()

    def drop(self, keys: Iterable[str], *, is_known_to_redis: bool = True) -> None:
        """Queue those of the entries that are hot pages: an invalidation has just dropped them.

        Until Redis knows of the invalidation, the old page is there and need not be built: such pages wait for the
        next call.
        """
        if not self._pages or not self.task.is_running:
            return
        oldest = time.monotonic() - HOT_SECONDS
        with self._lock:
            hot = {key for key in keys if (page := self._pages.get(key)) and page.last_at > oldest}
            self._announced |= hot
            if not is_known_to_redis or not self._announced:
                return
            self._dropped |= self._announced
            self._announced.clear()
            self._idle.clear()
        self.task.wake()

    def wait_until_idle(self, seconds: float) -> bool:
        """Wait until no page waits to be built; return False if that takes longer. For tests."""
        return self._idle.wait(seconds)

    def _build_next(self) -> bool:
        self._pause = _IDLE_INTERVAL
        with self._lock:
            self._queue_due()
            if self._budget is None or not self._dropped:
                self._idle.set()
                return False
        if (pause := self._budget.seconds_until_free()) > 0:
            self._pause = pause
            return False
        self._visitors.let_them_end()
        page = self._take()
        if page is not None:
            with self._budget.spend():
                self._build(page)
        give_way()
        return True

    def _queue_due(self) -> None:
        """Queue the pages whose grace is nearly over, and come back for the next one."""
        now = time.monotonic()
        while self._in_grace:
            key, due = next(iter(self._in_grace.items()))
            if due > now:
                self._pause = min(_IDLE_INTERVAL, due - now)
                return
            del self._in_grace[key]
            self._dropped.add(key)

    def _take(self) -> _HotPage | None:
        """Return the queued page that was requested most often."""
        with self._lock:
            waiting = [(page.requests, key) for key in self._dropped if (page := self._pages.get(key))]
            if not waiting:
                self._dropped.clear()
                return None
            _, key = max(waiting)
            self._dropped.discard(key)
            return self._pages[key]

    def _build(self, page: _HotPage) -> None:
        try:
            page_renderer.render_missing(self._app, page.address, waits=False)
        except Exception:
            log.exception("%s could not be built again after its invalidation", page.address.path)
