"""What a hub does periodically: heartbeats, and polling the database for changes whose messages were lost."""

from __future__ import annotations

import logging
import threading
import time
from typing import TYPE_CHECKING

from sqlalchemy.exc import SQLAlchemyError

from storefront.live.subscribers import TICK

if TYPE_CHECKING:
    from storefront.live.hub import Hub

log = logging.getLogger(__name__)

POLL_SUBSCRIBED = 30.0  # seconds between polls while this process receives what Redis publishes
POLL_UNSUBSCRIBED = 5.0
# After Redis is back: a process that changes items may notice later than this one that it can publish again.
POLL_RECOVERING = 1.0
RECOVERY = 10.0  # seconds
BATCH = 500  # topics in one statement


class Schedule:
    """The hub's two threads."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._wake = threading.Event()
        self._recovered_at = 0.0

    def start(self) -> None:
        """Start the threads in this process."""
        for work in (self._send_heartbeats, self._poll):
            threading.Thread(target=work, name=f"live{work.__name__}", daemon=True).start()

    def poll_now(self) -> None:
        """Poll at once: what was published before this moment may have been missed."""
        self._recovered_at = time.monotonic() + RECOVERY
        self._wake.set()

    def _interval(self) -> float:
        if not self._hub.live:
            return POLL_UNSUBSCRIBED
        return POLL_RECOVERING if time.monotonic() < self._recovered_at else POLL_SUBSCRIBED

    def _poll(self) -> None:
        while True:
            resubscribed = self._wake.wait(self._interval())
            self._wake.clear()
            try:
                self._hub.poll(BATCH)
                if resubscribed or self._hub.subscribed:
                    self._hub.set_live(live=True)
            except SQLAlchemyError as error:
                log.warning("the database cannot be polled for open pages: %s", error)
                time.sleep(1)
                if resubscribed:
                    self._wake.set()

    def _send_heartbeats(self) -> None:
        due = time.monotonic()
        while True:
            due += TICK
            time.sleep(max(0.0, due - time.monotonic()))
            self._hub.send_heartbeats()
