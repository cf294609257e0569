"""The outbox in a transaction: messages are written just before its commit, and delivered just after."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

from flask import Flask, current_app, has_app_context
from sqlalchemy import event
from sqlalchemy.orm import Session, SessionTransaction

from storefront.extensions import connection_of
from storefront.outbox.delivery import DELETE, INSERT, Message, deliver
from storefront.outbox.registry import BeforeCommit, registry

# So many delivered messages are deleted by the next commit. Usually the sweeper deletes them before: a transaction
# for each would double the cost of every commit.
DELETE_AT_LEAST = 50


def before_commit(app: Flask, callback: BeforeCommit) -> None:
    """Register a function that runs just before each commit, and may enqueue messages."""
    registry.get(app).before_commit.append(callback)


def enqueue(session: Session, topic: str, *payloads: Any) -> None:
    """Enqueue messages in this session's transaction. They are delivered if it is committed, and only then."""
    savepoint = session.get_nested_transaction()
    session.info.setdefault("outbox", []).extend(
        (savepoint, Message(uuid.uuid4().hex, topic, payload)) for payload in payloads
    )


@event.listens_for(Session, "before_commit")
def _write(session: Session) -> None:
    """Write all messages of the transaction with one statement."""
    if session.in_nested_transaction() or not has_app_context():
        return
    outbox = registry.get(current_app)
    for callback in outbox.before_commit:
        callback(session)
    if not (enqueued := session.info.get("outbox")):
        return
    connection = connection_of(session)
    if delivered := outbox.delivered.take(at_least=DELETE_AT_LEAST):
        session.info.setdefault("outbox_deleting", []).extend(delivered)
        connection.execute(DELETE, {"ids": delivered})
    now = datetime.now(UTC)
    connection.execute(
        INSERT,
        [
            # A microsecond apart: messages are delivered in this order.
            {**message._asdict(), "created_at": now + timedelta(microseconds=place)}
            for place, (_, message) in enumerate(enqueued)
        ],
    )


@event.listens_for(Session, "after_commit")
def _deliver(session: Session) -> None:
    if session.in_nested_transaction():
        return  # only a savepoint was released
    session.info.pop("outbox_deleting", None)
    if enqueued := session.info.pop("outbox", None):
        deliver([message for _, message in enqueued])


@event.listens_for(Session, "after_rollback")
def _discard(session: Session) -> None:
    if session.in_nested_transaction():
        return
    session.info.pop("outbox", None)
    if deleting := session.info.pop("outbox_deleting", None):
        registry.get(current_app).delivered.add(deleting)


@event.listens_for(Session, "after_soft_rollback")
def _discard_since_savepoint(session: Session, ended: SessionTransaction) -> None:
    if ended.nested and (enqueued := session.info.get("outbox")):
        session.info["outbox"] = [pair for pair in enqueued if not _is_within(pair[0], ended)]


def _is_within(savepoint: SessionTransaction | None, outer: SessionTransaction) -> bool:
    while savepoint is not None and savepoint is not outer:
        savepoint = savepoint.parent
    return savepoint is outer
