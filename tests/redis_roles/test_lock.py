"""Locks: one process at a time, with an expiry; only the holder releases a lock."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from redis import Redis

from storefront import redis_roles
from storefront.redis_roles import RedisUnavailable, Role
from tests.processes import ROOT, eventually
from tests.redis_roles.servers import Server, server, shop


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[Server]:
    with server(tmp_path) as one:
        yield one


@pytest.fixture
def app(redis: Server, tmp_path: Path, patient: None) -> Iterator[Flask]:
    app = shop(tmp_path, redis.url)
    with app.app_context():
        yield app


def test_lock_is_held_by_one_at_a_time(redis: Server, app: Flask) -> None:
    with redis_roles.lock("import", 60) as mine:
        assert mine
        assert 0 < redis.client.pttl("lock:import") <= 60_000
        with redis_roles.lock("import", 60) as second, redis_roles.lock("sweep", 60) as other:
            assert not second
            assert other
        with redis_roles.lock("import", 60) as third:
            assert not third, "who did not get it released it"
    with redis_roles.lock("import", 60) as again:
        assert again


def test_of_many_processes_one_works_at_a_time(redis: Server, tmp_path: Path) -> None:
    worker = """
import sys
from pathlib import Path
from storefront import redis_roles
from storefront.redis_roles import clients
from tests.redis_roles.servers import shop
from redis import Redis
clients.TIMEOUT = 10.0  # a release that is given up would leave the lock to its expiry
counter = Redis.from_url(sys.argv[2])
with shop(Path(sys.argv[1]), sys.argv[2]).app_context():
    done = 0
    while done < 50:
        with redis_roles.lock("work", 60) as mine:
            if mine:
                inside = counter.incr("inside")
                counter.decr("inside")
                done += 1
                if inside != 1:
                    sys.exit(f"{inside} at once")
"""
    command = [sys.executable, "-c", worker, str(tmp_path), redis.url]
    workers = [subprocess.Popen(command, cwd=ROOT) for _ in range(4)]
    assert [one.wait(timeout=120) for one in workers] == [0, 0, 0, 0]


def test_lock_is_released_when_the_work_fails(app: Flask) -> None:
    with pytest.raises(ZeroDivisionError), redis_roles.lock("import", 60):
        raise ZeroDivisionError
    with redis_roles.lock("import", 60) as again:
        assert again


def test_lock_expires_and_can_be_acquired_again(redis: Server, app: Flask) -> None:
    with redis_roles.lock("import", 0.001) as first:
        assert first
        assert eventually(lambda: not redis.client.exists("lock:import"))
        redis.client.set("lock:import", "the next one's")
    assert redis.client.get("lock:import") == "the next one's"


def test_lock_is_not_acquired_without_redis(redis: Server, app: Flask) -> None:
    redis.kill()
    for _ in range(5):
        with redis_roles.lock("import", 60) as mine:
            assert not mine


def test_redis_lost_while_locked_does_no_harm(redis: Server, app: Flask) -> None:
    with redis_roles.lock("import", 60) as mine:
        assert mine
        redis.kill()
    with pytest.raises(RedisUnavailable):
        redis_roles.call(Role.CACHE, Redis.ping)
