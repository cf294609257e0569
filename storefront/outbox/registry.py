"""An application's subscriptions to the outbox, and the ids of messages that this process has delivered."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy.orm import Session

from storefront.app_state import AppState
from storefront.errors import StorefrontError

log = logging.getLogger(__name__)

# Gets the payloads of one topic in the order in which they were enqueued; it must be idempotent.
Handler = Callable[[list[Any]], None]
# Called just before a commit: the last moment to enqueue something in the transaction.
BeforeCommit = Callable[[Session], None]


class DeliveredIds:
    """Ids of messages that were delivered but are still in the table."""

    def __init__(self) -> None:
        self._ids: set[str] = set()
        self._lock = threading.Lock()

    def add(self, ids: Sequence[str]) -> None:
        """Remember these messages until they are deleted; also if their deletion was rolled back."""
        with self._lock:
            self._ids.update(ids)

    def take(self, *, at_least: int = 1) -> list[str]:
        """Return all ids for the caller to delete, and forget them; an empty list if there are fewer than that."""
        with self._lock:
            if len(self._ids) < at_least:
                return []
            ids, self._ids = list(self._ids), set()
        return ids

    def __contains__(self, message_id: str) -> bool:
        return message_id in self._ids


@dataclass(slots=True)
class Registry:
    """The outbox of one application.

    Attributes:
        handlers: by subscription: a topic, or `topic/name` for a further handler of the topic.
        further: the subscriptions of further handlers by topic.
        before_commit: called before each commit.
        delivered: what this process has delivered.
    """

    handlers: dict[str, Handler] = field(default_factory=dict)
    further: dict[str, list[str]] = field(default_factory=dict)
    before_commit: list[BeforeCommit] = field(default_factory=list)
    delivered: DeliveredIds = field(default_factory=DeliveredIds)

    def add(self, topic: str, handler: Handler, name: str = "") -> None:
        """Add a handler; see `outbox.subscribe`."""
        subscription = f"{topic}/{name}" if name else topic
        if subscription in self.handlers:
            raise ValueError(f"{subscription} has a handler already")
        self.handlers[subscription] = handler
        if name:
            self.further.setdefault(topic, []).append(subscription)

    def call(self, subscription: str, payloads: list[Any]) -> bool:
        """Hand payloads to a handler; return whether it succeeded. It never raises: the commit cannot be undone."""
        try:
            self.handlers[subscription](payloads)
        except StorefrontError as error:
            log.info("%d messages on %s wait in the outbox: %s", len(payloads), subscription, error)
            return False
        except Exception:
            log.exception("%d messages on %s could not be delivered", len(payloads), subscription)
            return False
        return True


registry = AppState[Registry]("outbox")
