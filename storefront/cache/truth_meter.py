"""The truth meter: pages that this worker answers are built from the database again, and compared.

It takes the pages of the worker's memory (L1) in turn, those that were requested in the last minute first. A page
that differs is no error yet: the change may be on its way. Only if the worker still answers the old page after
CONFIRM_SECONDS, and Redis knows of no recent invalidation of its tags, it is wrong: logged, counted and dropped.
"""

from __future__ import annotations

import logging
import re
import time
from collections import Counter
from collections.abc import Callable
from typing import NamedTuple

from flask import Flask

from storefront.cache import page_differences, page_renderer, verified_counts
from storefront.cache.cpu_budget import CpuBudget
from storefront.cache.l1 import L1Entry
from storefront.cache.page_renderer import Rendering
from storefront.cache.store import CacheStore
from storefront.cache.url_index import UrlIndex
from storefront.cache.verified_counts import RESULTS, Result, WrongAnswer
from storefront.pauses import give_way
from storefront.periodic import PeriodicTask
from storefront.redis_roles import RedisUnavailable

log = logging.getLogger(__name__)

# Seconds after which a change has reached every worker, also one that lost its subscription, and a commit whose
# process died before it could say so.
CONFIRM_SECONDS = 5.0
MAX_SUSPECTS = 100
_RECENT = 60.0  # seconds: pages requested since then come first
_IDLE_INTERVAL = 1.0  # seconds
_SEND_INTERVAL = 2.0  # seconds


class _Suspect(NamedTuple):
    """A page that differed, to be compared again."""

    entry: L1Entry
    due_at: float


class TruthMeter:
    """The comparisons of one worker, and the thread that makes them.

    Args:
        app: the application.
        store: whose pages are compared.
        url_index: knows where a page is.
        percent: of a core, for all workers together; 0: nothing is compared.
        workers: the number of workers that share it.

    Attributes:
        total: comparisons of this process by result.
        is_compared: whether the pages of an endpoint are compared.
        unstable: what pages may say otherwise without being wrong, such as a number that grows with each event.
    """

    def __init__(
        self, app: Flask, store: CacheStore, url_index: UrlIndex, percent: float, workers: int
    ) -> None:
        self._app, self._store, self._url_index = app, store, url_index
        self._budget = CpuBudget(percent, workers) if percent > 0 else None
        self.total: Counter[Result] = Counter(dict.fromkeys(RESULTS, 0))
        self.is_compared: Callable[[str], bool] = lambda _endpoint: True
        self.unstable: re.Pattern[bytes] | None = None
        self._unsent: Counter[Result] = Counter()
        self._wrong: list[WrongAnswer] = []
        self._sent_at = 0.0
        self._round: list[str] = []  # keys, the next one at the end
        self._round_ends = 0.0
        self._checked: dict[str, float] = {}  # by key, when it was compared last
        self._suspects: dict[str, _Suspect] = {}
        self._pause = _IDLE_INTERVAL
        self.task = PeriodicTask("cache-truth-meter", self._work, lambda: self._pause, app=app)

    def start(self) -> None:
        """Start the thread in this process, unless the budget is 0."""
        if self._budget is not None:
            self.task.start()

    def stop(self) -> None:
        """End the thread after its present page."""
        self.task.stop()
        self._round, self._checked, self._suspects = [], {}, {}

    def compare_next(self) -> bool:
        """Compare the page whose turn it is; return whether there was one."""
        now = time.monotonic()
        due = next((key for key, suspect in self._suspects.items() if suspect.due_at <= now), None)
        if due is not None:
            self._confirm(due, self._suspects.pop(due).entry)
            return True
        key = self._take_next(now)
        if key is None:
            return False
        entry = self._store.l1.peek(key)
        if entry is not None and entry.grace_ends is None and self._store.receives_invalidations():
            self._compare(key, entry)
        return True

    def _work(self) -> bool:
        if self._budget is None:
            return False
        self._pause = self._budget.seconds_until_free()
        if self._pause > 0:
            return False
        with self._budget.spend():
            found = self.compare_next()
            self._send(time.monotonic())
        self._pause = 0.0 if found else _IDLE_INTERVAL
        give_way()
        return found

    def _take_next(self, now: float) -> str | None:
        """Return the page that was compared longest ago, of those requested since."""
        if not self._round or now > self._round_ends:
            used = {key: at for key, at in self._store.l1.list_uses().items() if key.startswith("page:")}
            self._checked = {key: at for key, at in self._checked.items() if key in used}
            due = [key for key, at in used.items() if at > self._checked.get(key, 0.0)]
            waiting = [key for key in due if key not in self._suspects and self._is_comparable(key)]
            waiting.sort(
                key=lambda key: (used[key] < now - _RECENT, self._checked.get(key, 0.0)), reverse=True
            )
            self._round, self._round_ends = waiting, now + _RECENT / 6
        if not self._round:
            return None
        key = self._round.pop()
        self._checked[key] = now
        return key

    def _is_comparable(self, key: str) -> bool:
        return self.is_compared(key.split(":")[1]) and self._url_index.find_address(key) is not None

    def _compare(self, key: str, entry: L1Entry) -> None:
        rendering = self._build(key)
        if rendering is None:
            self._count("failed")
        elif self._is_same(entry, rendering):
            self._count("same")
        elif len(self._suspects) < MAX_SUSPECTS:
            self._suspects[key] = _Suspect(entry, time.monotonic() + CONFIRM_SECONDS)

    def _confirm(self, key: str, before: L1Entry) -> None:
        """Compare a page again that differed, and drop it if nothing excuses the difference."""
        if not self._still_answers(key, before):
            self._count("changed")
            return
        rendering = self._build(key)
        if rendering is None:
            self._count("failed")
            return
        try:
            missed = self._store.l2.find_newer(key, before.tags, before.start)
        except RedisUnavailable:
            self._count("failed")
            return
        recent = any(age < CONFIRM_SECONDS for age in missed.values())
        if self._is_same(before, rendering) or recent or not self._still_answers(key, before):
            self._count("changed")
        else:
            self._report(key, before, rendering, sorted(missed))

    def _still_answers(self, key: str, before: L1Entry) -> bool:
        entry = self._store.l1.peek(key)
        if entry is None or entry.grace_ends is not None:  # it misses an invalidation, and is being renewed
            return False
        same = (entry.etag, entry.start) == (before.etag, before.start)
        return same and self._store.receives_invalidations()

    def _build(self, key: str) -> Rendering | None:
        """Build a page from the database; return None if that fails."""
        address = self._url_index.find_address(key)
        if address is None:
            return None
        try:
            rendering = page_renderer.render_detached(self._app, address)
        except Exception as error:  # noqa: BLE001  # whatever it was, it is no visitor's page
            log.info("%s could not be built to compare it: %r", key, error)
            return None
        return rendering if rendering.page is not None or rendering.is_unstorable else None

    def _is_same(self, entry: L1Entry, rendering: Rendering) -> bool:
        page = rendering.page
        if page is None or page.digest == entry.etag:
            return page is not None
        return self.unstable is not None and page_differences.is_same(entry, page, self.unstable)

    def _report(self, key: str, entry: L1Entry, rendering: Rendering, missed: list[str]) -> None:
        """Log and count a wrong answer, and drop it and the data that it may have been made of."""
        difference = page_differences.describe_difference(entry.meta, entry.bodies, rendering.page)
        age = max(0.0, time.time() - entry.start / 1e6)
        cause = (
            f"this worker missed the invalidation of {', '.join(missed[:8])}"
            if missed
            else "nothing invalidated it: a write past the models, or a tag that is missing"
        )
        log.error(
            "wrong answer: %s, built %.0f s ago; %s; %s; its tags: %s",
            key, age, difference, cause, ", ".join(entry.tags[:20]),
        )  # fmt: skip
        self._wrong.append(WrongAnswer(time.time(), key, difference, cause, age))
        self._count("wrong")
        self._store.drop_everywhere([*rendering.sources, key])

    def _count(self, result: Result) -> None:
        self.total[result] += 1
        self._unsent[result] += 1

    def _send(self, now: float) -> None:
        if now < self._sent_at + _SEND_INTERVAL or not self._unsent:
            return
        self._sent_at = now
        unsent, wrong = self._unsent, self._wrong
        self._unsent, self._wrong = Counter(), []
        try:
            verified_counts.add(self._app.config["CACHE_PREFIX"], unsent, wrong)
        except RedisUnavailable:
            self._unsent.update(unsent)
            self._wrong = (wrong + self._wrong)[-verified_counts.MAX_WRONG :]
