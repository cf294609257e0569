"""Live scores as most people write them first: publish beside the write, and show the last message that came."""

from __future__ import annotations

from sqlite3 import Connection
from typing import Any

from redis import Redis


def score(redis: Redis, database: Connection, match: int) -> None:
    with database:
        query = "UPDATE score SET goals = goals + 1 WHERE match = ? RETURNING goals"
        (goals,) = database.execute(query, (match,)).fetchone()
    redis.publish(f"score:{match}", goals)


def score_early(redis: Redis, database: Connection, match: int) -> None:
    with database:
        query = "UPDATE score SET goals = goals + 1 WHERE match = ? RETURNING goals"
        (goals,) = database.execute(query, (match,)).fetchone()
        redis.publish(f"score:{match}", goals)


class Page:
    """An open page: it shows the last message."""

    def __init__(self, redis: Redis, match: int) -> None:
        self.goals: int | None = None
        self.subscription = redis.pubsub(ignore_subscribe_messages=True)
        self.subscription.subscribe(f"score:{match}")
        self.subscription.get_message(timeout=5)  # the confirmation

    def show(self, message: dict[str, Any]) -> None:
        self.goals = int(message["data"])
