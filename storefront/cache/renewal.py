"""Renewal in the background: a page past its soft TTL is built again while visitors get the old one.

The visitor whose look-up got the ticket hands it over. One thread of each process builds, first what may be shown for
the shortest time. The lease keeps other processes from building the same page; if this process dies, the lease ends
by its time. A page whose grace ends in the queue is given up: its next visitor would wait for all pages before it.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterable
from typing import NamedTuple

from flask import Flask

from storefront.cache import l2, page_renderer
from storefront.cache.page_renderer import PageAddress
from storefront.cache.store import BuildTicket
from storefront.cache.visitor_builds import VisitorBuilds
from storefront.pauses import give_way
from storefront.periodic import PeriodicTask

log = logging.getLogger(__name__)

MAX_QUEUED = 500  # pages; the next visitor's page is built in the foreground
# Seconds after which a queued page is given up: its build would end after its lease.
MAX_AGE = 0.7 * l2.LEASE_MS / 1000
_IDLE_INTERVAL = 60.0  # seconds; `hand_over` wakes the thread


class _Renewal(NamedTuple):
    address: PageAddress
    ticket: BuildTicket
    tags: frozenset[str]  # of the old page
    until: float  # monotonic seconds; later the build is useless, or nobody may be answered with the old page


class PageRenewer:
    """The queue of pages to build again, and the thread that builds them."""

    def __init__(self, app: Flask, visitors: VisitorBuilds) -> None:
        self._app = app
        self._visitors = visitors
        self._queue: dict[str, _Renewal] = {}
        self._lock = threading.Lock()
        self._idle = threading.Event()
        self._idle.set()
        self.task = PeriodicTask("cache-renewer", self._renew_next, _IDLE_INTERVAL, app=app)

    def start(self) -> None:
        """Start the thread in this process. Tickets that a fork has copied stay the parent's."""
        with self._lock:
            self._queue.clear()
            self._idle.set()
        self.task.start()

    def stop(self) -> None:
        """End the thread after its present page, and give up the queued ones."""
        self.task.stop()
        with self._lock:
            tickets = [renewal.ticket for renewal in self._queue.values()]
            self._queue.clear()
            self._idle.set()
        self._abandon(tickets)

    def hand_over(
        self, ticket: BuildTicket, address: PageAddress, tags: Iterable[str], grace_left: float | None = None
    ) -> bool:
        """Have a page built in the background; return False if the caller has to build it.

        Args:
            ticket: of the page. If it is accepted, the caller no longer owns it.
            address: at which the page was requested.
            tags: of the old page. If one is invalidated before the build begins, the ticket is given up.
            grace_left: seconds for which the old page may be answered, if it misses a relaxed invalidation.
        """
        key = ticket.entry.key
        until = time.monotonic() + min(MAX_AGE, MAX_AGE if grace_left is None else grace_left)
        with self._lock:
            if not self.task.is_running or len(self._queue) >= MAX_QUEUED or key in self._queue:
                return False
            self._queue[key] = _Renewal(address, ticket, frozenset(tags), until)
            self._idle.clear()
        self.task.wake()
        return True

    def drop(self, tags: Iterable[str]) -> None:
        """Give up queued pages with one of these tags: their builds began before the invalidation."""
        if not self._queue:
            return
        named = frozenset(tags)
        with self._lock:
            dropped = [key for key, renewal in self._queue.items() if not named.isdisjoint(renewal.tags)]
            tickets = [self._queue.pop(key).ticket for key in dropped]
        self._abandon(tickets)

    def wait_until_idle(self, seconds: float) -> bool:
        """Wait until no page is queued or being built; return False if that takes longer. For tests."""
        return self._idle.wait(seconds)

    def _renew_next(self) -> bool:
        self._visitors.let_them_end()
        with self._lock:
            if not self._queue:
                self._idle.set()
                return False
            now = time.monotonic()
            late = [self._queue.pop(key).ticket for key, each in [*self._queue.items()] if each.until <= now]
            first = min(self._queue, key=lambda key: self._queue[key].until, default=None)
            renewal = None if first is None else self._queue.pop(first)
        self._abandon(late)
        if renewal is None:
            return True
        try:
            self._renew(renewal)
        except Exception:
            log.exception("%s could not be renewed; visitors get the old page", renewal.ticket.entry.key)
        give_way()
        return True

    def _renew(self, renewal: _Renewal) -> None:
        ticket = renewal.ticket
        rendering = page_renderer.render_with_ticket(self._app, renewal.address, ticket)
        if rendering.is_unstorable:
            # The old page would be answered until the end of its life, and each visitor would have it built again.
            ticket.discard_old()

    def _abandon(self, tickets: Iterable[BuildTicket]) -> None:
        with self._app.app_context():  # the caller may be the thread that receives invalidations
            for ticket in tickets:
                ticket.abandon()
