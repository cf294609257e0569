"""What a hub does now and then: heartbeats, and looks into the database for what may have been lost."""

from __future__ import annotations

import logging
import threading
import time
from typing import TYPE_CHECKING

from sqlalchemy.exc import SQLAlchemyError

from storefront.stock.stream.subscribers import TICK

if TYPE_CHECKING:
    from storefront.stock.stream.hub import Hub

log = logging.getLogger(__name__)

LOOK_LIVE = 30.0  # seconds between looks while Redis is heard
LOOK_AWAY = 5.0  # … and while it is not
LOOK_SETTLING = 1.0  # … and at first: who changes stock may learn later than we that Redis can be told again
SETTLING = 10.0  # seconds
BATCH = 500  # products in one statement


class Rounds:
    """The hub's two threads."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._now = threading.Event()
        self._settled = 0.0

    def start(self) -> None:
        """Begin, in this process."""
        for work in (self._beat, self._look):
            threading.Thread(target=work, name=f"stock-{work.__name__}", daemon=True).start()

    def look_now(self) -> None:
        """Look at once: what was published before this moment may have been missed."""
        self._settled = time.monotonic() + SETTLING
        self._now.set()

    def _pause(self) -> float:
        if not self._hub.live:
            return LOOK_AWAY
        return LOOK_SETTLING if time.monotonic() < self._settled else LOOK_LIVE

    def _look(self) -> None:
        while True:
            subscribed = self._now.wait(self._pause())
            self._now.clear()
            try:
                self._hub.look(BATCH)
                if subscribed or self._hub.heard:
                    self._hub.say(live=True)
            except SQLAlchemyError as error:
                log.warning("stock cannot be looked up for open pages: %s", error)
                time.sleep(1)
                if subscribed:
                    self._now.set()

    def _beat(self) -> None:
        due = time.monotonic()
        while True:
            due += TICK
            time.sleep(max(0.0, due - time.monotonic()))
            self._hub.beat()
