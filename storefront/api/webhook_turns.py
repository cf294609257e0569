"""Who sends webhook messages when: each endpoint has one slot, and a slow endpoint delays only its own messages.

The holder of an endpoint's slot sends its due messages one after the other; this is a turn. A turn ends after the
first failure or after `TURN` seconds, so that a long queue gives its thread to others. Turns of one process run in
parallel, at most `MAX_TURNS`, and those of endpoints that failed last time use at most `MAX_FAILING` of them: however
many endpoints hang, threads remain for the others.

The slot is a column of the webhook, so it holds for all processes. A process that dies frees it after `LEASE`.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from flask import Flask
from sqlalchemy import ColumnElement, func, or_, select, update
from sqlalchemy.exc import SQLAlchemyError

from storefront.api.models import Webhook, WebhookDelivery
from storefront.background.due_queue import BatchResult
from storefront.extensions import db

log = logging.getLogger(__name__)

MAX_TURNS = 8
MAX_FAILING = 4
TURN = 20.0  # seconds
# Longer than a turn with its last attempt.
LEASE = timedelta(seconds=60)

# Sends the next due message of a webhook; returns how many were due (0 or 1), and how many of them were delivered.
SendNext = Callable[[str], BatchResult]


@dataclass
class Turns:
    """The turns of this process. Safe for threads.

    Attributes:
        app: whose database is used.
        send_next: sends a message.
    """

    app: Flask
    send_next: SendNext
    _running: dict[str, bool] = field(default_factory=dict)  # by webhook: whether it failed last time
    _failing: set[str] = field(default_factory=set)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def start_due(self) -> list[threading.Thread]:
        """Begin a turn of each webhook that has due messages, as far as slots and threads are free; never waits."""
        threads = []
        for webhook_id in _due_webhooks():
            if self._enter(webhook_id):
                thread = threading.Thread(
                    target=self._run, args=(webhook_id,), name="webhook-turn", daemon=True
                )
                threads.append(thread)
                thread.start()
        return threads

    def _enter(self, webhook_id: str) -> bool:
        with self._lock:
            failing = webhook_id in self._failing
            if webhook_id in self._running or len(self._running) >= MAX_TURNS:
                return False
            if failing and sum(self._running.values()) >= MAX_FAILING:
                return False
            self._running[webhook_id] = failing
            return True

    def _run(self, webhook_id: str) -> None:
        with self.app.app_context():
            try:
                self._take_turn(webhook_id)
            except SQLAlchemyError as error:
                log.warning("webhook-turn: the database cannot be used, tried again later: %s", error)
            finally:
                with self._lock:
                    del self._running[webhook_id]
                db.session.remove()

    def _take_turn(self, webhook_id: str) -> None:
        until = _acquire_slot(webhook_id)
        if until is None:
            return
        try:
            ends_at = time.monotonic() + TURN
            while time.monotonic() < ends_at:
                result = self.send_next(webhook_id)
                if not result.succeeded:
                    self._note(webhook_id, failed=result.due > 0)
                    return
                self._note(webhook_id, failed=False)
        finally:
            _release_slot(webhook_id, until)

    def _note(self, webhook_id: str, *, failed: bool) -> None:
        with self._lock:
            if failed:
                self._failing.add(webhook_id)
            else:
                self._failing.discard(webhook_id)


def _due_webhooks() -> Sequence[str]:
    """Return the webhooks that have due messages and a free slot, the longest waiting first."""
    now = datetime.now(UTC)
    first_due = (
        select(func.min(WebhookDelivery.due_at))
        .where(WebhookDelivery.webhook_id == Webhook.id, WebhookDelivery.due_at <= now)
        .scalar_subquery()
    )
    with db.engine.connect() as connection:
        waiting = select(Webhook.id).where(first_due.is_not(None), _is_free(now))
        return connection.execute(waiting.order_by(first_due)).scalars().all()


def _acquire_slot(webhook_id: str) -> datetime | None:
    """Return the end of the lease; None if another process has the slot."""
    now = datetime.now(UTC)
    take = update(Webhook).where(Webhook.id == webhook_id, _is_free(now)).values(slot_until=now + LEASE)
    with db.engine.execution_options(sqlite_begin="IMMEDIATE").begin() as connection:
        return now + LEASE if connection.execute(take).rowcount else None


def _release_slot(webhook_id: str, until: datetime) -> None:
    own = update(Webhook).where(Webhook.id == webhook_id, Webhook.slot_until == until)
    with db.engine.execution_options(sqlite_begin="IMMEDIATE").begin() as connection:
        connection.execute(own.values(slot_until=None))


def _is_free(now: datetime) -> ColumnElement[bool]:
    return or_(Webhook.slot_until.is_(None), Webhook.slot_until <= now)
