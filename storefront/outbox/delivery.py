"""Promise in a transaction, deliver after its commit, and again until it has worked.

A message may be delivered twice (a process can die between delivering and forgetting): every handler is idempotent.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, cast

from flask import Flask, current_app, has_app_context
from sqlalchemy import Row, Table, bindparam, delete, event, func, insert, select
from sqlalchemy.orm import Session, SessionTransaction

from storefront import periodic
from storefront.extensions import connection_of, db
from storefront.outbox.models import OutboxMessage
from storefront.outbox.registry import Handler, Outbox, Summary

SWEEPER = "outbox-sweeper"
# Younger messages are being delivered by the process that wrote them.
OVERDUE = timedelta(seconds=2)
BATCH = 500
MANY = 50

# Built once, and sent past the mapper: they are part of every commit that changes a page or stock.
_TABLE = cast("Table", OutboxMessage.__table__)
_WRITE = insert(_TABLE)
_DELETE = delete(_TABLE).where(_TABLE.c.id.in_(bindparam("ids", expanding=True)))


def init_app(app: Flask) -> None:
    """Give the application an outbox, and let every serving process deliver what a dead one left in it."""
    app.extensions["outbox"] = Outbox()
    periodic.add_task(app, SWEEPER, _sweep, interval=1.0)


def handler(app: Flask, topic: str, deliver: Handler) -> None:
    """Name who delivers a topic; it gets payloads in the order in which they were promised, and is idempotent."""
    app.extensions["outbox"].handlers[topic] = deliver


def before_commit(app: Flask, summarise: Summary) -> None:
    """Name who has something to promise about a transaction once all of it is known."""
    app.extensions["outbox"].summaries.append(summarise)


def enqueue(session: Session, topic: str, *payloads: Any) -> None:
    """Promise messages in this session's transaction. They are delivered if, and only after, that is committed."""
    savepoint = session.get_nested_transaction()
    session.info.setdefault("outbox", []).extend(
        (savepoint, (uuid.uuid4().hex, topic, payload)) for payload in payloads
    )


def deliver_overdue() -> int:
    """Deliver what was committed a while ago and not delivered; return how many messages were found.

    What a topic that fails has piled up does not hide the others'. What this process has delivered is deleted.
    """
    outbox, found = _outbox(), 0
    topics = set(outbox.handlers)
    while overdue := _overdue(topics):
        found += len(overdue)
        failed = outbox.deliver([(m.id, m.topic, m.payload) for m in overdue if not outbox.is_done(m.id)])
        if not failed:
            break
        topics -= failed
    # Before they are overdue for the other processes too.
    if done := outbox.take_done():
        try:
            with db.engine.execution_options(sqlite_begin="IMMEDIATE").begin() as connection:
                connection.execute(_DELETE, {"ids": done})
        except BaseException:
            outbox.put_back(done)
            raise
    return found


def _overdue(topics: Collection[str]) -> Sequence[Row[str, str, Any]]:
    """Return the oldest of what should have been delivered on these topics."""
    with db.engine.connect() as connection:
        return connection.execute(
            select(OutboxMessage.id, OutboxMessage.topic, OutboxMessage.payload)
            .where(OutboxMessage.topic.in_(topics), OutboxMessage.created_at < datetime.now(UTC) - OVERDUE)
            .order_by(OutboxMessage.created_at)
            .limit(BATCH)
        ).all()


def _sweep() -> None:
    deliver_overdue()  # what cannot be delivered now is looked at again a round later, not at once


def waiting() -> tuple[int, float]:
    """Return how many messages are in the outbox, and the age of the oldest in seconds."""
    count, oldest = db.session.execute(
        select(func.count(OutboxMessage.id), func.min(OutboxMessage.created_at))
    ).one()
    return count, (datetime.now(UTC) - oldest).total_seconds() if oldest else 0.0


@event.listens_for(Session, "before_commit")
def _write(session: Session) -> None:
    """Write all that was promised, by one statement."""
    if session.in_nested_transaction() or not has_app_context():
        return
    outbox = _outbox()
    for summarise in outbox.summaries:
        summarise(session)
    if not (promised := session.info.get("outbox")):
        return
    connection = connection_of(session)
    # What was delivered before is deleted by the sweeper; where it does not keep up, or there is none, here: a
    # transaction of its own would double the cost of every commit.
    if done := outbox.take_done(least=MANY):
        session.info.setdefault("outbox_deleting", []).extend(done)
        connection.execute(_DELETE, {"ids": done})
    now = datetime.now(UTC)
    connection.execute(
        _WRITE,
        [
            {"id": key, "topic": topic, "payload": payload, "created_at": now + timedelta(microseconds=place)}
            for place, (_, (key, topic, payload)) in enumerate(promised)
        ],
    )


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
