"""Calls: which errors mean that Redis is unavailable, and how the circuit breaker opens and closes."""

from __future__ import annotations

import logging
import os
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from flask import Flask
from redis import Redis
from redis.exceptions import ResponseError

from storefront import redis_roles
from storefront.redis_roles import RedisUnavailable, Role, RoleStatus
from tests.processes import ROOT, eventually
from tests.redis_roles.servers import Server, proxy, server, shop


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[Server]:
    with server(tmp_path) as one:
        yield one


@pytest.fixture
def app(redis: Server, tmp_path: Path, patient: None) -> Iterator[Flask]:
    app = shop(tmp_path, redis.url)
    with app.app_context():
        yield app


def test_a_call_returns_what_it_asked_for(app: Flask) -> None:
    assert redis_roles.call(Role.CACHE, lambda redis: redis.set("key", "value"), write=True)
    assert redis_roles.call(Role.CACHE, lambda redis: redis.get("key")) == b"value"
    assert cache() == RoleStatus("cache", "closed", "closed", 2, 0, 0, 0, 0, None)


def test_three_errors_open_the_circuit_breaker(redis: Server, app: Flask) -> None:
    asked = 0

    def ask(client: Redis) -> object:
        nonlocal asked
        asked += 1
        return client.get("key")

    redis.kill()
    for _ in range(10):
        with pytest.raises(RedisUnavailable, match=r"cache is away: .*refused"):
            redis_roles.call(Role.CACHE, ask)
    assert asked == 3
    state = cache()
    assert (state.calls, state.errors, state.refused, state.opens) == (3, 3, 7, 1)
    assert state.state != "closed"
    assert "refused" in str(state.problem)


def test_an_open_breaker_does_not_touch_the_socket(redis: Server, tmp_path: Path) -> None:
    with proxy(redis.port) as between, shop(tmp_path, between.url).app_context():
        assert redis_roles.call(Role.CACHE, Redis.ping)
        between.hold.clear()
        for _ in range(3):
            with pytest.raises(RedisUnavailable):
                redis_roles.call(Role.CACHE, Redis.ping)
        assert cache().timeouts == 3
        before = between.connections
        for _ in range(100):
            with pytest.raises(RedisUnavailable):
                redis_roles.call(Role.CACHE, Redis.ping)
        assert between.connections <= before + 1  # the probe's


def test_each_role_has_a_breaker_of_its_own(redis: Server, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        elsewhere = f"redis://127.0.0.1:{silent.getsockname()[1]}"
        with shop(tmp_path, redis.url, CACHE_REDIS_URL=elsewhere).app_context():
            trip(Role.CACHE)
            assert redis_roles.call(Role.SESSION, Redis.ping)
            assert {state.role for state in redis_roles.statuses() if state.state != "closed"} == {"cache"}


def test_frozen_server_is_probed_until_it_answers(
    redis: Server, app: Flask, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    assert redis_roles.call(Role.CACHE, Redis.ping)
    redis.freeze()
    trip(Role.CACHE)
    assert eventually(lambda: cache().state == "half-open")
    with pytest.raises(RedisUnavailable):  # calls still fail while the probe runs
        redis_roles.call(Role.CACHE, Redis.ping)
    redis.thaw()
    assert eventually(lambda: cache().state == "closed")
    assert redis_roles.call(Role.CACHE, Redis.ping)
    assert [record.getMessage() for record in caplog.records if "cache" in record.getMessage()] == [
        "Redis for cache is away; going on without it: Timeout reading from socket",
        "Redis for cache is back.",
    ]


def test_a_killed_server_is_used_again_when_it_is_back(redis: Server, app: Flask) -> None:
    redis.kill()
    trip(Role.CACHE)
    redis.start()
    assert eventually(lambda: cache().state == "closed")
    assert redis_roles.call(Role.CACHE, Redis.ping)


def test_a_full_server_is_still_read_from(redis: Server, app: Flask) -> None:
    redis.client.set("key", "value")
    redis.client.config_set("maxmemory", "1")
    trip(Role.CACHE, write=True)
    assert cache().state == "closed" != cache().writes
    with pytest.raises(RedisUnavailable, match="maxmemory"):
        redis_roles.call(Role.CACHE, lambda redis: redis.set("key", "other"), write=True)
    assert redis_roles.call(Role.CACHE, lambda redis: redis.get("key")) == b"value"
    redis.client.config_set("maxmemory", "0")
    assert eventually(lambda: cache().writes == "closed")
    assert redis_roles.call(Role.CACHE, lambda redis: redis.set("key", "other"), write=True)


@pytest.mark.parametrize("reason", ["OOM", "READONLY", "NOREPLICAS"])
def test_refused_write_in_a_script_opens_the_write_side(redis: Server, app: Flask, reason: str) -> None:
    if reason == "OOM":
        redis.client.config_set("maxmemory", "1")
    elif reason == "READONLY":
        redis.client.replicaof("127.0.0.1", redis.port)
    else:
        redis.client.config_set("min-replicas-to-write", "1")
    for _ in range(3):
        with pytest.raises(RedisUnavailable):
            redis_roles.call(Role.CACHE, write_by_script, write=True)
    assert cache().state == "closed" != cache().writes
    assert cache().errors == 3


def test_loading_server_still_serves_reads(redis: Server, app: Flask) -> None:
    for _ in range(3):
        with pytest.raises(RedisUnavailable):
            redis_roles.call(Role.CACHE, answer("LOADING Redis is loading the dataset in memory"))
    assert cache().state == "closed" != cache().writes


def test_error_of_our_command_is_raised_and_not_counted(app: Flask) -> None:
    redis_roles.call(Role.CACHE, lambda redis: redis.lpush("list", "a"), write=True)
    for _ in range(5):
        with pytest.raises(ResponseError, match="WRONGTYPE"):
            redis_roles.call(Role.CACHE, lambda redis: redis.get("list"))
        with pytest.raises(ResponseError, match="mistake"):
            redis_roles.call(Role.CACHE, lambda redis: redis.eval("return redis.error_reply('mistake')", 0))
    assert (cache().state, cache().errors) == ("closed", 0)


@pytest.mark.parametrize(
    "error",
    [
        "BUSY Redis is busy running a script.",
        "CLUSTERDOWN The cluster is down",
        "MASTERDOWN Link with MASTER is down",
        "NOAUTH Authentication required.",
        "NOPERM this user has no permissions",
        "MOVED 42 127.0.0.1:1",
        "ERR max number of clients reached",
    ],
)
def test_server_that_cannot_serve_is_unavailable(app: Flask, error: str) -> None:
    with pytest.raises(RedisUnavailable):
        redis_roles.call(Role.CACHE, answer(error))
    assert cache().errors == 1


def test_missing_database_number_is_unavailable(redis: Server, tmp_path: Path) -> None:
    with shop(tmp_path, redis.url.removesuffix("0") + "99").app_context(), pytest.raises(RedisUnavailable):
        redis_roles.call(Role.CACHE, Redis.ping)


def test_embedded_server_that_cannot_start_is_unavailable(tmp_path: Path) -> None:
    (tmp_path / "redis").write_text("in its way")
    with shop(tmp_path, "").app_context():
        for _ in range(3):
            with pytest.raises(RedisUnavailable):
                redis_roles.call(Role.CACHE, Redis.ping)
        assert cache().state != "closed"


def test_a_late_answer_is_never_given_to_the_next_caller(redis: Server, tmp_path: Path) -> None:
    redis.client.mset({"first": "1", "second": "2"})
    with proxy(redis.port) as between, shop(tmp_path, between.url).app_context():
        assert redis_roles.call(Role.CACHE, lambda redis: redis.get("first")) == b"1"
        between.hold.clear()
        with pytest.raises(RedisUnavailable, match="Timeout"):
            redis_roles.call(Role.CACHE, lambda redis: redis.get("first"))
        between.hold.set()  # the reply is sent now, to a closed connection
        assert redis_roles.call(Role.CACHE, lambda redis: redis.get("second")) == b"2"
        assert between.connections == 2


def test_late_pipeline_reply_never_reaches_the_next_caller(redis: Server, tmp_path: Path) -> None:
    redis.client.mset({"first": "1", "second": "2"})

    def pipelined(key: str) -> list[object]:
        return redis_roles.call(Role.CACHE, lambda redis: redis.pipeline().get(key).execute())

    with proxy(redis.port) as between, shop(tmp_path, between.url).app_context():
        assert pipelined("first") == [b"1"]
        between.hold.clear()
        with pytest.raises(RedisUnavailable, match="Timeout"):
            pipelined("first")
        between.hold.set()
        assert pipelined("second") == [b"2"]


def test_exhausted_pool_does_not_blame_the_server(app: Flask) -> None:
    pool = redis_roles.get_client(Role.CACHE).connection_pool
    taken = [pool.get_connection() for _ in range(pool.max_connections)]
    for _ in range(3):
        with pytest.raises(RedisUnavailable):
            redis_roles.call(Role.CACHE, Redis.ping)
    assert (cache().state, cache().errors) == ("closed", 3)
    for connection in taken:
        pool.release(connection)
    assert redis_roles.call(Role.CACHE, Redis.ping)


def test_a_forked_worker_has_a_breaker_of_its_own(redis: Server, app: Flask) -> None:
    redis.freeze()
    trip(Role.CACHE)
    reader, writer = os.pipe()
    if (pid := os.fork()) == 0:
        first = cache().state
        trip(Role.CACHE)
        redis.thaw()
        closed = eventually(lambda: cache().state == "closed")  # by a probe of the child's own
        os.write(writer, f"{first} {closed}".encode())
        os._exit(0)
    os.waitpid(pid, 0)
    assert os.read(reader, 20) == b"closed True"
    os.close(reader)
    os.close(writer)


def test_it_works_for_the_greenlets_of_a_worker(redis: Server, tmp_path: Path) -> None:
    worker = """
from gevent import monkey; monkey.patch_all()
import sys
from pathlib import Path
from gevent.fileobject import FileObject
from gevent.pool import Pool
from storefront import redis_roles
from storefront.redis_roles import RedisUnavailable, Role
from tests.redis_roles.servers import shop

def ask(_):
    with app.app_context():
        try:
            return redis_roles.call(Role.CACHE, lambda redis: redis.ping())
        except RedisUnavailable:
            return False

app = shop(Path(sys.argv[1]), sys.argv[2])
for line in FileObject(sys.stdin.fileno()):  # a plain read would stop all greenlets
    answers = Pool(30).map(ask, range(30))
    with app.app_context():
        state = next(state for state in redis_roles.statuses() if state.role == "cache")
    print(sum(answers), state.state, flush=True)
"""
    process = subprocess.Popen(
        [sys.executable, "-c", worker, str(tmp_path), redis.url],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )

    def calls() -> str:
        assert process.stdin
        assert process.stdout
        process.stdin.write("\n")
        process.stdin.flush()
        return process.stdout.readline().strip()

    try:
        assert eventually(lambda: calls().startswith("30 closed"))
        redis.freeze()
        assert calls().startswith("0 ")
        redis.thaw()
        assert eventually(lambda: calls().startswith("30 closed"))
        redis.kill()
        assert calls().startswith("0 ")  # the process ends: the probe does not keep it
    finally:
        process.communicate("", timeout=30)
    assert process.returncode == 0


def cache() -> RoleStatus:
    return next(state for state in redis_roles.statuses() if state.role == "cache")


def trip(role: Role, *, write: bool = False) -> None:
    for _ in range(3):
        with pytest.raises(RedisUnavailable):
            redis_roles.call(role, lambda redis: redis.set("key", "other"), write=write)


def write_by_script(client: Redis) -> object:
    return client.eval("return redis.call('SET', KEYS[1], '1')", 1, "key")


def answer(error: str) -> Callable[[Redis], object]:
    """Return a call that the server answers with this error."""
    code = "return redis.error_reply(ARGV[1])"
    return lambda client: client.eval(code, 0, error)
