"""A failover of Redis loses acknowledged writes; no page stays stale all the same."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import NamedTuple

import pytest
from flask import Flask

from storefront import outbox
from storefront.cache import tag_times
from storefront.cache.state import cache_state
from storefront.cache.tag_times import TagTimes
from storefront.extensions import db
from tests.cache.conftest import another, entries, get, listen
from tests.cache.writer_process import detail, set_price
from tests.factories import make_category, make_product
from tests.processes import eventually
from tests.redis_roles.servers import Proxy, Server, proxy, server


class Servers(NamedTuple):
    master: Server
    replica: Server
    address: Proxy  # forwards to the current master

    def fail_over_without_the_last_write(self) -> None:
        """Kill the master; a replica that was cut off earlier takes over."""
        self.master.kill()
        self.address.lead_to(self.replica.port)


@pytest.fixture
def servers(tmp_path: Path) -> Iterator[Servers]:
    with ExitStack() as stack:
        master = stack.enter_context(server(tmp_path, "--repl-diskless-sync-delay", "0"))
        replica = stack.enter_context(server(tmp_path, "--replicaof", f"127.0.0.1 {master.port}"))
        yield Servers(master, replica, stack.enter_context(proxy(master.port)))


@pytest.mark.slow
@pytest.mark.parametrize("asked", ["the writer", "a subscriber", "a later process"])
def test_invalidation_lost_in_a_failover_is_asserted_again(
    app: Flask, servers: Servers, tmp_path: Path, asked: str
) -> None:
    mug = make_product("Mug", category=make_category("Cups"), variants=[{"sku": "MUG-1", "price": 1000}]).id
    db.session.rollback()
    outbox.deliver_overdue()  # no row is left that a sweeper would deliver again; also below, after the write
    with ExitStack() as stack:

        def shop(name: str) -> Flask:
            environ = {"REDIS_URL": servers.address.url, "STOREFRONT_CACHE_PREFIX": "failing-over"}
            return stack.enter_context(_shop(app, tmp_path / name, **environ))

        subscriber, writer = shop("subscriber"), shop("writer")
        # The writer has no subscription and no reporter, as if it had died after its commit.
        stack.enter_context(_listening(subscriber))
        assert "$10.00" in get(writer.test_client(), "/products/mug").text
        servers.master.client.set("this is after the page", "")
        assert servers.master.client.wait(1, 60_000) == 1
        servers.replica.client.replicaof("no", "one")
        with writer.app_context():
            set_price(mug, 1100)
            outbox.deliver_overdue()
        servers.fail_over_without_the_last_write()
        assert any(":page:" in name for name in entries(servers.replica.client, writer)), (
            "the old page is there"
        )
        if asked == "a later process":
            later = shop("later").test_client()
            assert eventually(lambda: "$11.00" in get(later, "/products/mug").text)
            return
        client = (writer if asked == "the writer" else subscriber).test_client()

        def shares_again() -> bool:
            response = get(client, "/products/mug")
            assert "$11.00" in response.text, response.headers["Cache-Status"]
            return detail(response) in ("L1", "L2")

        assert eventually(shares_again), "it never showed the old page, and shares the new one"


def test_tag_times_are_checked_before_they_are_forgotten(
    bare: Flask, own_redis: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    ours: TagTimes = cache_state.get(bare).store.l2.tag_times
    other = TagTimes("bare")
    other.invalidate(["everything"])
    ours.invalidate(["card:1", "card:2"])
    ours.invalidate(["card:3"], hard=True)

    def mark(tag: str) -> float | None:
        return own_redis.client.zscore(ours.redis_key(0), tag)

    before = mark("card:1")
    own_redis.client.zrem(ours.redis_key(0), "card:1", "card:3", "!card:3")
    other.invalidate(["card:2"])
    newer = mark("card:2")
    ours.reassert()
    assert mark("card:1") is None, "not all the time"
    monkeypatch.setattr(tag_times, "RETENTION", 0.0)
    ours.reassert()
    assert mark("card:1") == before, "with the time of its invalidation"
    assert mark("!card:3") is not None
    assert mark("card:2") == newer
    assert not ours.is_newer(["card:1"], 0, 0), "and forgotten"


def test_message_has_the_clocks_of_all_shards(bare: Flask, own_redis: Server) -> None:
    sender, receiver = TagTimes("bare", 3), TagTimes("bare", 3)
    line = own_redis.client.pubsub()
    line.subscribe(sender.channel)
    assert line.get_message(timeout=5)
    sender.invalidate(["card:1"], hard=True)
    message = line.get_message(timeout=5)
    assert message is not None
    assert receiver.receive(message["data"].encode()) == ["card:1"]
    for shard in range(3):
        clock = int(own_redis.client.zscore(sender.redis_key(shard), "card:1"))
        for tag_times_of in (sender, receiver):
            assert tag_times_of.is_newer(["card:1"], clock - 1, shard)
            assert tag_times_of.is_newer(["card:1"], clock - 1, shard, hard=True)
            assert not tag_times_of.is_newer(["card:1"], clock, shard)
    line.close()


_shop = contextmanager(another)
_listening = contextmanager(listen)
