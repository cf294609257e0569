"""Rate limits as most people write them first: INCR and EXPIRE, a window by the clock, a counter in the process."""

from __future__ import annotations

from collections import Counter

from redis import Redis

LIMIT, WINDOW = 100, 3600  # requests in an hour


def is_allowed(redis: Redis, client: str) -> bool:
    hits = redis.incr(f"hits:{client}")
    if hits == 1:
        redis.expire(f"hits:{client}", WINDOW)
    return hits <= LIMIT


def is_allowed_by_clock(redis: Redis, client: str, now: float) -> bool:
    key = f"hits:{client}:{now // WINDOW}"
    hits = redis.incr(key)
    redis.expire(key, WINDOW)
    return hits <= LIMIT


class ProcessLimit:
    def __init__(self) -> None:
        self.hits: Counter[str] = Counter()

    def is_allowed(self, client: str) -> bool:
        self.hits[client] += 1
        return self.hits[client] <= LIMIT
