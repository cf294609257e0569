"""What a hub does periodically: heartbeats, reading the database again for lost changes, following a new rule."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

from storefront.live.subscribers import TICK
from storefront.periodic import PeriodicTask

if TYPE_CHECKING:
    from storefront.live.hub import Hub

POLL_UNSUBSCRIBED = 5.0  # seconds between polls, at most, while this process receives nothing of Redis
POLL_GAP = 0.2  # seconds between polls that messages ask for: an import sends thousands
# After Redis is back: a process that changes items may notice later than this one that it can publish again.
POLL_RECOVERING = 1.0
RECOVERY = 10.0  # seconds
RULE_INTERVAL = 1.0  # seconds within which open pages follow a setting of what the public may know
NOTICE_INTERVAL = 0.5  # seconds within which open pages get a changed notice
RETRY = 1.0  # seconds until a failed poll after a new subscription is tried again
BATCH = 20  # topics in one statement: a change that arrives meanwhile waits a millisecond for it


class Schedule:
    """The hub's tasks. While messages arrive, everything is read every `poll_seconds`."""

    def __init__(self, hub: Hub, poll_seconds: float) -> None:
        self._hub, self._poll_seconds = hub, poll_seconds
        self._recovery_ends = self._next_tick = self._polled_at = 0.0
        self._resubscribed = threading.Event()
        self._tasks = (
            PeriodicTask("live-heartbeats", hub.send_heartbeats, self._until_next_tick),
            PeriodicTask("live-poll", self._poll, self._until_next_poll),
            PeriodicTask("live-rule", hub.follow_rule, lambda: RULE_INTERVAL),
            PeriodicTask("live-notice", hub.send_notice, lambda: NOTICE_INTERVAL),
        )

    def start(self) -> None:
        """Start the tasks in this process."""
        self._next_tick = time.monotonic()
        for task in self._tasks:
            task.start()

    def poll_now(self, *, recovering: bool = False) -> None:
        """Poll at once: what was published before this moment may have been missed.

        Args:
            recovering: Redis was unavailable until now, so poll often for a while.
        """
        if recovering:
            self._recovery_ends = time.monotonic() + RECOVERY
        self._resubscribed.set()
        self._tasks[1].wake()

    def poll_soon(self) -> None:
        """Poll at once, or with the next regular poll if the last one was a moment ago."""
        if time.monotonic() - self._polled_at >= POLL_GAP:
            self._tasks[1].wake()

    def _until_next_tick(self) -> float:
        self._next_tick += TICK
        return max(0.0, self._next_tick - time.monotonic())

    def _until_next_poll(self) -> float:
        if self._resubscribed.is_set():
            return RETRY
        if not self._hub.live:
            return min(POLL_UNSUBSCRIBED, self._poll_seconds)
        recovering = time.monotonic() < self._recovery_ends
        return min(POLL_RECOVERING, self._poll_seconds) if recovering else self._poll_seconds

    def _poll(self) -> None:
        resubscribed = self._resubscribed.is_set()
        self._resubscribed.clear()
        self._polled_at = time.monotonic()
        try:
            self._hub.poll(BATCH)
        except BaseException:
            if resubscribed:
                self._resubscribed.set()
            raise
        if resubscribed or self._hub.subscribed:
            self._hub.set_live(live=True)
