"""Sentinels: a role follows its master, and skips sentinels that do not answer."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest
from redis import Redis
from redis.exceptions import ResponseError

from storefront import redis_roles
from storefront.redis_roles import RedisUnavailable, Role, Subscription
from storefront.redis_roles import subscription as subscription_module
from tests.processes import eventually
from tests.redis_roles.servers import Server, server, shop


class Deployment:
    """A master with two replicas, and the three sentinels that watch it."""

    def __init__(self, servers: list[Server], sentinels: list[Server]) -> None:
        self.servers = servers
        self.sentinels = sentinels

    @property
    def url(self) -> str:
        places = ",".join(f"127.0.0.1:{one.port}" for one in self.sentinels)
        return f"redis+sentinel://:s%40cret@{places}/shop/0"

    def master(self) -> Server:
        _, port = self.sentinels[-1].client.sentinel_get_master_addr_by_name("shop")
        return next(one for one in self.servers if one.port == port)


@pytest.fixture
def deployment(tmp_path: Path) -> Iterator[Deployment]:
    with ExitStack() as stack:
        secret = ["--requirepass", "s@cret", "--masterauth", "s@cret"]
        servers = [stack.enter_context(server(tmp_path, *secret, password="s@cret")) for _ in range(3)]
        for replica in servers[1:]:
            replica.client.replicaof("127.0.0.1", servers[0].port)
        sentinels = []
        for number in range(3):
            file = tmp_path / f"sentinel{number}.conf"
            file.write_text("")
            sentinels.append(stack.enter_context(server(tmp_path, str(file), "--sentinel")))
        for one in sentinels:
            one.client.sentinel_monitor("shop", "127.0.0.1", servers[0].port, 2)
            for option, value in {
                "auth-pass": "s@cret",
                "down-after-milliseconds": "3000",  # for which a busy machine may stop a server
                "failover-timeout": "5000",
            }.items():
                one.client.sentinel_set("shop", option, value)
        for one in sentinels:
            assert eventually(lambda one=one: knows_all(one))
        yield Deployment(servers, sentinels)


@pytest.fixture
def named(tmp_path: Path) -> Iterator[tuple[Server, Server, Server]]:
    """A sentinel and two independent servers; the sentinel names the first."""
    with ExitStack() as stack:
        first, second = (stack.enter_context(server(tmp_path)) for _ in range(2))
        file = tmp_path / "sentinel.conf"
        file.write_text("")
        sentinel = stack.enter_context(server(tmp_path, str(file), "--sentinel"))
        name(sentinel, first)
        yield sentinel, first, second


def name(sentinel: Server, master: Server) -> None:
    with suppress(ResponseError):
        sentinel.client.sentinel_remove("shop")
    sentinel.client.sentinel_monitor("shop", "127.0.0.1", master.port, 1)


def test_former_master_is_left_even_if_it_answers(
    named: tuple[Server, Server, Server], tmp_path: Path
) -> None:
    sentinel, first, second = named
    heard: list[bytes] = []
    with shop(tmp_path, f"redis+sentinel://127.0.0.1:{sentinel.port}/shop").app_context():
        subscription = Subscription(Role.CACHE, ["news"], on_message=lambda _, data: heard.append(data))
        subscription.start()
        try:
            assert eventually(lambda: subscription.is_trusted)
            assert eventually(lambda: stored("before"))
            name(sentinel, second)
            # The subscription asks the sentinels regularly, so the pool learns about it, too.
            assert eventually(lambda: second.client.pubsub_numsub("news") == [("news", 1)])
            assert eventually(lambda: subscription.is_trusted)
            second.client.publish("news", "from the second")
            assert eventually(lambda: heard == [b"from the second"])
            assert eventually(lambda: stored("after"))
            assert (first.client.get("key"), second.client.get("key")) == ("before", "after")
        finally:
            subscription.stop()


def test_new_master_ends_the_wait_before_reconnecting(
    named: tuple[Server, Server, Server], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sentinel, first, second = named
    monkeypatch.setattr(subscription_module, "BACKOFF", (3600.0, 3600.0))
    with shop(tmp_path, f"redis+sentinel://127.0.0.1:{sentinel.port}/shop").app_context():
        subscription = Subscription(Role.CACHE, ["news"], on_message=lambda *_: None)
        subscription.start()
        try:
            assert eventually(lambda: subscription.is_trusted)
            first.kill()
            assert eventually(lambda: not subscription.is_trusted)
            name(sentinel, second)
            assert eventually(lambda: subscription.is_trusted), "the next attempt is an hour away"
        finally:
            subscription.stop()


def knows_all(sentinel: Server) -> bool:
    master = sentinel.client.sentinel_master("shop")
    return bool(master["num-slaves"] == 2 and master["num-other-sentinels"] == 2)


@pytest.mark.slow
def test_a_role_follows_the_master(deployment: Deployment, tmp_path: Path) -> None:
    heard: list[bytes] = []
    first = deployment.master()
    with shop(tmp_path, deployment.url).app_context():
        subscription = Subscription(Role.CACHE, ["news"], on_message=lambda _, data: heard.append(data))
        subscription.start()
        try:
            assert eventually(lambda: subscription.is_trusted and stored("before"))
            assert first.client.get("key") == "before"
            assert eventually(lambda: all(one.client.get("key") == "before" for one in deployment.servers))
            # Frozen, not dead: its connections stay open, without replies.
            first.freeze()
            assert eventually(lambda: deployment.master() is not first, seconds=60)
            assert eventually(lambda: stored("after"), seconds=60)
            assert deployment.master().client.get("key") == "after"
            assert eventually(lambda: subscription.is_trusted)
            deployment.master().client.publish("news", "from the new master")
            assert eventually(lambda: heard == [b"from the new master"])
            # The old master returns as a master, and is made a replica.
            first.thaw()
            assert eventually(lambda: first.client.info("replication")["role"] == "slave", seconds=60)
            assert eventually(lambda: stored("at last"))
            assert deployment.master().client.get("key") == "at last"
        finally:
            subscription.stop()


@pytest.mark.slow
def test_unavailable_sentinels_are_skipped(deployment: Deployment, tmp_path: Path) -> None:
    first, second, third = deployment.sentinels
    with shop(tmp_path, deployment.url).app_context():
        first.freeze()
        second.kill()
        assert eventually(lambda: stored("one sentinel is enough"))
        third.kill()
        # No sentinel is left; new connections go to the last known master.
        deployment.servers[0].client.client_kill_filter(_type="normal", skipme=True)
        assert eventually(lambda: stored("without any"))
        assert deployment.servers[0].client.get("key") == "without any"
    with (
        shop(tmp_path, deployment.url).app_context(),
        pytest.raises(RedisUnavailable, match="no sentinel names"),
    ):
        redis_roles.call(Role.CACHE, Redis.ping)


@pytest.mark.slow
def test_a_master_that_became_a_replica_is_left(deployment: Deployment, tmp_path: Path) -> None:
    with shop(tmp_path, deployment.url).app_context():
        assert eventually(lambda: stored("before"))
        pool = redis_roles.get_client(Role.CACHE).connection_pool
        connection = pool.get_connection()
        pool.release(connection)
        deployment.servers[0].client.replicaof("127.0.0.1", deployment.servers[1].port)
        with pytest.raises(RedisUnavailable, match="read only"):
            redis_roles.call(Role.CACHE, lambda redis: redis.set("key", "lost"), write=True)
        assert not connection.is_connected


def stored(value: str) -> bool:
    try:
        return bool(redis_roles.call(Role.CACHE, lambda redis: redis.set("key", value), write=True))
    except RedisUnavailable:
        return False
