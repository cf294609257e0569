"""Promise in a transaction, deliver after its commit, and again until it has worked.

A message may be delivered twice (a process can die between delivering and forgetting): every handler is idempotent.
"""

from __future__ import annotations

import logging
import threading
import uuid
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, cast

from flask import Flask, current_app
from sqlalchemy import Table, delete, event, func, insert, select
from sqlalchemy.orm import Session, SessionTransaction

from storefront import rounds
from storefront.errors import StorefrontError
from storefront.extensions import db
from storefront.outbox.models import OutboxMessage

log = logging.getLogger(__name__)

SWEEPER = "outbox-sweeper"
# Younger messages are being delivered by the process that wrote them.
OVERDUE = timedelta(seconds=2)
BATCH = 500
MANY = 50

# Written past the mapper: it is part of every commit that changes a page or stock.
_WRITE = insert(cast("Table", OutboxMessage.__table__))

Handler = Callable[[list[Any]], None]


class Outbox:
    """The handlers of an application, and the messages that were delivered but are still in the table."""

    def __init__(self) -> None:
        self.handlers: dict[str, Handler] = {}
        self._done: set[str] = set()
        self._lock = threading.Lock()

    def deliver(self, messages: Sequence[tuple[str, str, Any]]) -> None:
        """Hand messages (id, topic, payload) to their handlers; what fails stays and is tried again."""
        by_topic: dict[str, list[tuple[str, Any]]] = {}
        for key, topic, payload in messages:
            by_topic.setdefault(topic, []).append((key, payload))
        for topic, pairs in by_topic.items():
            try:
                self.handlers[topic]([payload for _, payload in pairs])
            except StorefrontError as error:
                log.info("%d messages on %s wait in the outbox: %s", len(pairs), topic, error)
            except Exception:  # whatever a handler raises must not undo what has been committed
                log.exception("%d messages on %s could not be delivered", len(pairs), topic)
            else:
                with self._lock:
                    self._done.update(key for key, _ in pairs)

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


def init_app(app: Flask) -> None:
    """Give the application an outbox, and let every serving process deliver what a dead one left in it."""
    app.extensions["outbox"] = Outbox()
    rounds.add(app, SWEEPER, _sweep, every=1.0)


def handler(app: Flask, topic: str, deliver: Handler) -> None:
    """Name who delivers a topic; it gets payloads in the order in which they were promised, and is idempotent."""
    app.extensions["outbox"].handlers[topic] = deliver


def promise(session: Session, topic: str, *payloads: Any) -> None:
    """Write messages in this session's transaction. They are delivered if, and only after, that is committed."""
    now = datetime.now(UTC)
    messages = [
        {
            "id": uuid.uuid4().hex,
            "topic": topic,
            "payload": payload,
            "created_at": now + timedelta(microseconds=place),
        }
        for place, payload in enumerate(payloads)
    ]
    outbox = _outbox()
    # What was delivered before is deleted by the sweeper; where it does not keep up, or there is none, here: a
    # transaction of its own would double the cost of every commit.
    if done := outbox.take_done(least=MANY):
        session.info.setdefault("outbox_deleting", []).extend(done)
        session.execute(delete(OutboxMessage).where(OutboxMessage.id.in_(done)))
    session.connection().execute(_WRITE, messages)
    savepoint = session.get_nested_transaction()
    session.info.setdefault("outbox", []).extend(
        (savepoint, (message["id"], topic, message["payload"])) for message in messages
    )


def deliver_overdue() -> int:
    """Deliver what was committed a while ago and not delivered; return how many messages were found.

    What this process has delivered is deleted.
    """
    outbox = _outbox()
    with db.engine.connect() as connection:
        overdue = connection.execute(
            select(OutboxMessage.id, OutboxMessage.topic, OutboxMessage.payload)
            .where(OutboxMessage.created_at < datetime.now(UTC) - OVERDUE)
            .order_by(OutboxMessage.created_at)
            .limit(BATCH)
        ).all()
    outbox.deliver([(m.id, m.topic, m.payload) for m in overdue if not outbox.is_done(m.id)])
    # Before they are overdue for the other processes too.
    if done := outbox.take_done():
        try:
            with db.engine.execution_options(sqlite_begin="IMMEDIATE").begin() as connection:
                connection.execute(delete(OutboxMessage).where(OutboxMessage.id.in_(done)))
        except BaseException:
            outbox.put_back(done)
            raise
    return len(overdue)


def _sweep() -> None:
    deliver_overdue()  # what cannot be delivered now is looked at again a round later, not at once


def waiting() -> tuple[int, float]:
    """Return how many messages are in the outbox, and the age of the oldest in seconds."""
    count, oldest = db.session.execute(
        select(func.count(OutboxMessage.id), func.min(OutboxMessage.created_at))
    ).one()
    return count, (datetime.now(UTC) - oldest).total_seconds() if oldest else 0.0


@event.listens_for(Session, "after_commit")
def _deliver(session: Session) -> None:
    if session.in_nested_transaction():
        return  # a savepoint: nothing is committed yet
    session.info.pop("outbox_deleting", None)
    if messages := session.info.pop("outbox", None):
        _outbox().deliver([told for _, told in messages])


@event.listens_for(Session, "after_rollback")
def _forget(session: Session) -> None:
    if session.in_nested_transaction():
        return
    session.info.pop("outbox", None)
    if deleting := session.info.pop("outbox_deleting", None):
        _outbox().put_back(deleting)


@event.listens_for(Session, "after_soft_rollback")
def _forget_since(session: Session, ended: SessionTransaction) -> None:
    if ended.nested and (messages := session.info.get("outbox")):
        session.info["outbox"] = [pair for pair in messages if not _is_within(pair[0], ended)]


def _is_within(savepoint: SessionTransaction | None, outer: SessionTransaction) -> bool:
    while savepoint is not None and savepoint is not outer:
        savepoint = savepoint.parent
    return savepoint is outer


def _outbox() -> Outbox:
    outbox: Outbox = current_app.extensions["outbox"]
    return outbox
