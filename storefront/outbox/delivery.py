"""Delivery of committed messages to their handlers, and again by a sweeper until it has succeeded.

A message may be delivered twice, since a process can die between its delivery and its deletion: every handler is
idempotent. If a topic has further handlers, its own handler decides when a message is done. What a further handler
cannot deliver is enqueued again for that handler alone, so it delays nothing else.
"""

from __future__ import annotations

import logging
import uuid
from collections.abc import Collection, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple, cast

from flask import Flask, current_app
from sqlalchemy import Table, bindparam, delete, func, insert, select
from sqlalchemy.exc import SQLAlchemyError

from storefront import periodic
from storefront.extensions import db
from storefront.outbox.models import OutboxMessage
from storefront.outbox.registry import Handler, Registry, registry

log = logging.getLogger(__name__)

SWEEPER = "outbox-sweeper"
# The process that wrote a younger message is delivering it.
OVERDUE = timedelta(seconds=2)
BATCH = 500

# Built once and executed without the mapper: they are part of every commit that changes a page or stock.
_TABLE = cast("Table", OutboxMessage.__table__)
INSERT = insert(_TABLE)
DELETE = delete(_TABLE).where(_TABLE.c.id.in_(bindparam("ids", expanding=True)))


class Message(NamedTuple):
    """A message in the outbox."""

    id: str
    topic: str
    payload: Any


def init_app(app: Flask) -> None:
    """Give the application an outbox; every serving process delivers what a dead one left in it."""
    registry.set(app, Registry())
    periodic.add_task(app, SWEEPER, _sweep, interval=1.0)


def subscribe(app: Flask, topic: str, handler: Handler, *, name: str = "") -> None:
    """Have this function called with the payloads of a topic; it must be idempotent.

    Args:
        app: the application.
        topic: at most 40 characters, together with the name.
        handler: gets payloads in the order in which they were enqueued.
        name: required for the second and later handlers of a topic. If such a handler fails, only this handler is
            called again later; the topic's first handler is not.

    Raises:
        ValueError: the topic has such a handler already.
    """
    registry.get(app).add(topic, handler, name)


def deliver(messages: Sequence[Message]) -> set[str]:
    """Hand messages to their handlers; return the topics that failed, to be delivered again. Never raises."""
    outbox = registry.get(current_app)
    by_topic: dict[str, list[Message]] = {}
    for message in messages:
        by_topic.setdefault(message.topic, []).append(message)
    failed = set()
    for topic, group in by_topic.items():
        if _deliver_topic(outbox, topic, [message.payload for message in group]):
            outbox.delivered.add([message.id for message in group])
        else:
            failed.add(topic)
    return failed


def deliver_overdue() -> int:
    """Deliver what was committed a while ago and not delivered; return how many messages were found.

    The messages of a topic that fails do not hide those of other topics. Delivered messages are deleted.
    """
    outbox, found = registry.get(current_app), 0
    topics = set(outbox.handlers)
    while overdue := _find_overdue(topics):
        found += len(overdue)
        failed = deliver([message for message in overdue if message.id not in outbox.delivered])
        if not failed:
            break
        topics -= failed
    delete_delivered()  # now, before other processes find them overdue, too
    return found


def delete_delivered() -> None:
    """Delete what this process has delivered: other processes deliver what stays for OVERDUE again.

    Serving processes do it every second; for a command that commits many transactions.
    """
    outbox = registry.get(current_app)
    if delivered := outbox.delivered.take():
        try:
            with db.engine.execution_options(sqlite_begin="IMMEDIATE").begin() as connection:
                connection.execute(DELETE, {"ids": delivered})
        except BaseException:
            outbox.delivered.add(delivered)
            raise


def waiting() -> tuple[int, float]:
    """Return how many messages are in the outbox, and the age of the oldest in seconds."""
    count, oldest = db.session.execute(
        select(func.count(OutboxMessage.id), func.min(OutboxMessage.created_at))
    ).one()
    return count, (datetime.now(UTC) - oldest).total_seconds() if oldest else 0.0


def _deliver_topic(outbox: Registry, topic: str, payloads: list[Any]) -> bool:
    is_delivered = outbox.call(topic, payloads)
    further = outbox.further.get(topic, ())
    failed = [subscription for subscription in further if not outbox.call(subscription, payloads)]
    # If the topic's own handler failed, the messages stay, and all handlers get them again.
    return is_delivered and all(_enqueue_again(subscription, payloads) for subscription in failed)


def _enqueue_again(subscription: str, payloads: list[Any]) -> bool:
    """Enqueue messages for one further handler alone; return whether that succeeded."""
    now = datetime.now(UTC)
    rows = [
        {
            "id": uuid.uuid4().hex,
            "topic": subscription,
            "payload": payload,
            "created_at": now + timedelta(microseconds=place),
        }
        for place, payload in enumerate(payloads)
    ]
    try:
        with db.engine.execution_options(sqlite_begin="IMMEDIATE").begin() as connection:
            connection.execute(INSERT, rows)
    except SQLAlchemyError as error:
        log.warning("%d messages stay in the outbox until %s succeeds: %s", len(rows), subscription, error)
        return False
    return True


def _find_overdue(topics: Collection[str]) -> list[Message]:
    """Return the oldest messages of these topics that should have been delivered."""
    with db.engine.connect() as connection:
        rows = connection.execute(
            select(OutboxMessage.id, OutboxMessage.topic, OutboxMessage.payload)
            .where(OutboxMessage.topic.in_(topics), OutboxMessage.created_at < datetime.now(UTC) - OVERDUE)
            .order_by(OutboxMessage.created_at)
            .limit(BATCH)
        )
        return [Message(*row) for row in rows]


def _sweep() -> None:
    deliver_overdue()  # returns nothing: what fails now is tried at the next interval, not at once
