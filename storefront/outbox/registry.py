"""Who delivers what, and which messages have been delivered by this process but are still in the table."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy.orm import Session

from storefront.errors import StorefrontError

log = logging.getLogger(__name__)

Handler = Callable[[list[Any]], None]
# Called as a transaction is about to be committed: the last moment to promise something in it.
Summary = Callable[[Session], None]


class Outbox:
    """The handlers of an application, and the messages that were delivered but are still in the table."""

    def __init__(self) -> None:
        self.handlers: dict[str, Handler] = {}
        self.summaries: list[Summary] = []
        self._done: set[str] = set()
        self._lock = threading.Lock()

    def deliver(self, messages: Sequence[tuple[str, str, Any]]) -> set[str]:
        """Hand messages (id, topic, payload) to their handlers; return the topics that failed, to be tried again."""
        by_topic: dict[str, list[tuple[str, Any]]] = {}
        for key, topic, payload in messages:
            by_topic.setdefault(topic, []).append((key, payload))
        failed = set(by_topic)
        for topic, pairs in by_topic.items():
            try:
                self.handlers[topic]([payload for _, payload in pairs])
            except StorefrontError as error:
                log.info("%d messages on %s wait in the outbox: %s", len(pairs), topic, error)
            except Exception:  # whatever a handler raises must not undo what has been committed
                log.exception("%d messages on %s could not be delivered", len(pairs), topic)
            else:
                failed.discard(topic)
                with self._lock:
                    self._done.update(key for key, _ in pairs)
        return failed

    def take_done(self, *, least: int = 1) -> list[str]:
        """Return the ids of delivered messages that are to be deleted, and forget them; none if they are fewer."""
        with self._lock:
            if len(self._done) < least:
                return []
            done, self._done = list(self._done), set()
        return done

    def put_back(self, keys: Sequence[str]) -> None:
        """Remember ids again whose deletion was rolled back."""
        with self._lock:
            self._done.update(keys)

    def is_done(self, key: str) -> bool:
        """Return whether this process has delivered the message already."""
        return key in self._done
