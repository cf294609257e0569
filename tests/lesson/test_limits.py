"""Part 2 of docs/lesson.md: rate limits."""

from __future__ import annotations

from collections.abc import Callable

from flask import Flask
from redis import Redis
from redis.exceptions import ConnectionError as RedisConnectionError

from storefront import redis_roles
from storefront.redis_roles import Role
from tests.lesson import figures, naive_limits
from tests.lesson.conftest import MakeWorker
from tests.lesson.gaps import watch_keys, worst_death

NOWHERE = "redis://127.0.0.1:1/0"


def test_the_process_dies_between_incr_and_expire(redis: Redis, worker: Flask) -> None:
    visitor = worker.test_client()
    naive = worst_death(
        prepare=redis.flushdb,
        request=lambda: naive_limits.is_allowed(redis, "visitor"),
        measure=lambda: sum(redis.ttl(key) == -1 for key in redis.scan_iter()),
    )
    with worker.app_context(), watch_keys() as keys:
        client = redis_roles.get_client(Role.LIMIT)
        ours = worst_death(
            prepare=lambda: [client.delete(key) for key in keys],
            request=lambda: visitor.get("/translate"),
            measure=lambda: sum(client.ttl(key) == -1 for key in set(keys)),
        )
        assert any(client.ttl(key) > 0 for key in keys)
    figures.check("2.1", naive, ours)


def test_a_burst_at_the_border_of_two_windows(redis: Redis, worker: Flask) -> None:
    border = 1000 * naive_limits.WINDOW
    naive = sum(
        naive_limits.is_allowed_by_clock(redis, "visitor", border + seconds)
        for seconds in (-0.1, 0.1)
        for _ in range(101)
    )
    figures.check("2.2", naive, count_passed(worker, 202))


def test_each_process_counts_alone(make_worker: MakeWorker) -> None:
    limits = [naive_limits.ProcessLimit() for _ in range(4)]
    naive = sum(limit.is_allowed("visitor") for limit in limits for _ in range(101))
    ours = sum(count_passed(make_worker(), 101) for _ in range(4))
    figures.check("2.3", naive, ours)


def test_requests_fail_while_redis_is_away(make_worker: MakeWorker) -> None:
    visitor = make_worker(redis_url=NOWHERE).test_client()
    with Redis.from_url(NOWHERE) as away:
        naive = count_errors(lambda: naive_limits.is_allowed(away, "visitor"))
    ours = sum(visitor.get("/translate").status_code != 200 for _ in range(10))
    figures.check("2.4", naive, ours)


def count_passed(app: Flask, requests: int) -> int:
    """Return how many of so many requests of one visitor a process of ours lets pass."""
    visitor = app.test_client()
    return sum(visitor.get("/translate").status_code == 200 for _ in range(requests))


def count_errors(call: Callable[[], object]) -> int:
    """Return how many of ten calls fail."""
    errors = 0
    for _ in range(10):
        try:
            call()
        except RedisConnectionError:
            errors += 1
    return errors
