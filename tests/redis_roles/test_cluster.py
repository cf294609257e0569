"""A cluster of three nodes: keys of all slots, scripts, pipelines, messages, and a lost node."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from redis import Redis

from storefront import redis_roles
from storefront.redis_roles import LuaScript, RedisUnavailable, Role, Subscription
from tests.processes import eventually
from tests.redis_roles.servers import Server, cluster, shop

KEYS = [f"key:{number}" for number in range(100)]


@pytest.fixture
def nodes(tmp_path: Path) -> Iterator[list[Server]]:
    with cluster(tmp_path) as three:
        yield three


@pytest.fixture
def app(nodes: list[Server], tmp_path: Path, patient: None) -> Iterator[Flask]:
    # The first two are enough to find the third.
    places = ",".join(f"127.0.0.1:{node.port}" for node in nodes[:2])
    app = shop(tmp_path, f"redis+cluster://{places}")
    with app.app_context():
        assert eventually(answers)
        yield app


@pytest.mark.slow
def test_keys_of_all_nodes(nodes: list[Server], app: Flask) -> None:
    for key in KEYS:
        assert eventually(
            lambda key=key: attempt(lambda redis: redis.set(key, key.upper()), write=True) is True
        )
        assert redis_roles.call(Role.CACHE, lambda redis, key=key: redis.get(key)) == key.upper().encode()
    assert sum(node.client.dbsize() for node in nodes) == len(KEYS)
    assert all(node.client.dbsize() for node in nodes)


@pytest.mark.slow
def test_scripts_run_where_their_keys_are(nodes: list[Server], app: Flask, tmp_path: Path) -> None:
    file = tmp_path / "add.lua"
    file.write_text("return redis.call('INCRBY', KEYS[1], ARGV[1]) + redis.call('INCRBY', KEYS[2], ARGV[1])")
    script = LuaScript(file)
    for shard in range(10):
        keys = [f"{{c{shard}}}:one", f"{{c{shard}}}:two"]
        assert redis_roles.call(Role.CACHE, lambda redis, keys=keys: script.run(redis, keys, [3])) == 6
    for node in nodes:
        node.client.script_flush()
    assert redis_roles.call(Role.CACHE, lambda redis: script.run(redis, ["{c1}:one", "{c1}:two"], [1])) == 8


@pytest.mark.slow
def test_messages_are_received_on_every_node(nodes: list[Server], app: Flask) -> None:
    heard: list[bytes] = []
    subscription = Subscription(Role.CACHE, ["news"], on_message=lambda _, data: heard.append(data))
    subscription.start()
    try:
        assert eventually(lambda: subscription.is_trusted)
        for number, node in enumerate(nodes):
            node.client.publish("news", number)
            assert eventually(lambda number=number: len(heard) == number + 1)
        redis_roles.call(Role.CACHE, lambda redis: redis.publish("news", "last"), write=True)
        assert eventually(lambda: heard == [b"0", b"1", b"2", b"last"])
    finally:
        subscription.stop()


@pytest.mark.slow
def test_lost_node_is_unavailable_until_it_returns(nodes: list[Server], app: Flask) -> None:
    nodes[2].kill()
    assert eventually(lambda: not all(attempt(lambda redis, key=key: redis.get(key) or True) for key in KEYS))
    nodes[2].start()
    for key in KEYS:
        assert eventually(
            lambda key=key: attempt(lambda redis: redis.set(key, "again"), write=True) is True, seconds=60
        )


@pytest.mark.slow
def test_missing_cluster_is_unavailable(tmp_path: Path) -> None:
    with shop(tmp_path, "redis+cluster://127.0.0.1:1,127.0.0.1:2").app_context():
        for _ in range(3):
            with pytest.raises(RedisUnavailable):
                redis_roles.call(Role.CACHE, Redis.ping)
        assert state() != "closed"
        assert "does not answer" in str(redis_roles.check_servers())


def answers() -> object:
    return attempt(lambda redis: redis.get("any") or True)


def attempt(do: object, *, write: bool = False) -> object:
    try:
        return redis_roles.call(Role.CACHE, do, write=write)
    except RedisUnavailable:
        return None


def state() -> str:
    return next(one.state for one in redis_roles.statuses() if one.role == "cache")
