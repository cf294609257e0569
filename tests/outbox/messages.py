"""What is in the outbox, and how it gets old."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime, timedelta

from sqlalchemy import func, select, update

from storefront import outbox
from storefront.extensions import db, write_transaction
from storefront.outbox import OutboxMessage


def age(seconds: float = 60, topic: str = "%") -> None:
    """Let every message (of a topic) be older than it is."""
    before = datetime.now(UTC) - timedelta(seconds=seconds)
    with db.engine.begin() as connection:
        connection.execute(
            update(OutboxMessage).where(OutboxMessage.topic.like(topic)).values(created_at=before)
        )


def fail_after_promising(payload: str) -> None:
    with suppress(ZeroDivisionError), write_transaction() as session:
        outbox.enqueue(session, "news", payload)
        raise ZeroDivisionError


def rows() -> int:
    with db.engine.connect() as connection:
        return int(
            connection.execute(
                select(func.count(OutboxMessage.id)).where(OutboxMessage.topic == "news")
            ).scalar_one()
        )
