"""Messages in the outbox: how many there are, how they get old, and who receives them."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

from flask import Flask
from sqlalchemy import func, select, update

from storefront import outbox
from storefront.extensions import db, write_transaction
from storefront.outbox import OutboxMessage
from storefront.outbox.registry import Handler, registry


def make_overdue(seconds: float = 60, topic: str = "%") -> None:
    """Let every message (of a topic) be older than it is."""
    before = datetime.now(UTC) - timedelta(seconds=seconds)
    with db.engine.begin() as connection:
        connection.execute(
            update(OutboxMessage).where(OutboxMessage.topic.like(topic)).values(created_at=before)
        )


def enqueue_and_roll_back(payload: str) -> None:
    with suppress(ZeroDivisionError), write_transaction() as session:
        outbox.enqueue(session, "news", payload)
        raise ZeroDivisionError


def rows(topic: str = "news") -> int:
    with db.engine.connect() as connection:
        count = select(func.count(OutboxMessage.id)).where(OutboxMessage.topic == topic)
        return int(connection.execute(count).scalar_one())


def replace_handler(app: Flask, subscription: str, handler: Handler) -> Handler:
    """Have another function called for a topic, as if it had been subscribed; return the one before."""
    handlers = registry.get(app).handlers
    before, handlers[subscription] = handlers[subscription], handler
    return before


def redeliver(app: Flask, topic: str, payloads: list[Any]) -> None:
    """Call all handlers of a topic, as another process does that does not know of the first delivery."""
    outbox = registry.get(app)
    for subscription in (topic, *outbox.further.get(topic, ())):
        outbox.handlers[subscription](payloads)
