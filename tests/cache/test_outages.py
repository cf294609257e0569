"""The cache never causes an outage: public pages are answered correctly whatever Redis does."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from storefront import cache, outbox
from storefront.cache.l2 import Lease
from storefront.cache.state import cache_state
from storefront.extensions import db
from tests.cache.conftest import another, entries, get
from tests.cache.workers import bare_app, worker_pool
from tests.cache.writer_process import PAGES, assert_all_pages_show, detail, set_price
from tests.factories import make_category, make_product
from tests.processes import eventually
from tests.redis_roles.servers import Server

pytestmark = pytest.mark.any_database

LEASE_MS = 60_000  # longer than a busy machine takes for a test


@pytest.fixture
def own_app(app: Flask, own_redis: Server, tmp_path: Path) -> Iterator[Flask]:
    """The shop with all Redis roles on the test's own server, and with its threads."""
    for one in another(app, tmp_path / "own", REDIS_URL=own_redis.url):
        cache.start(one)
        yield one


@pytest.fixture
def mug(own_app: Flask) -> int:
    mug = make_product("Mug", category=make_category("Cups"), variants=[{"sku": "MUG-1", "price": 1000}]).id
    db.session.rollback()  # the database ends transactions that stay open for seconds
    return mug


def is_delivered() -> bool:
    db.session.rollback()
    return outbox.waiting()[0] == 0


def trusts(app: Flask) -> bool:
    return bool(cache_state.get(app).store.receives_invalidations())


def freeze(redis: Server) -> None:
    redis.freeze()


def kill(redis: Server) -> None:
    redis.kill()


def fill(redis: Server) -> None:
    redis.client.config_set("maxmemory-policy", "noeviction")
    redis.client.config_set("maxmemory", "1")


def demote(redis: Server) -> None:
    redis.client.replicaof("127.0.0.1", "1")


def forget_scripts(redis: Server) -> None:
    redis.client.script_flush()


def flush(redis: Server) -> None:
    redis.client.flushall()


HARMS = {
    "killed": kill,
    "frozen": freeze,
    "out of memory": fill,
    "read-only after a failover": demote,
    "scripts flushed": forget_scripts,
    "emptied": flush,
}
harms = pytest.mark.parametrize("harm", HARMS.values(), ids=HARMS)


def heal(redis: Server) -> None:
    """End the harm, whichever it was."""
    if redis.process is None:
        redis.start()
    redis.thaw()
    assert eventually(redis.answers)
    redis.client.replicaof("no", "one")
    redis.client.config_set("maxmemory", "0")


@pytest.mark.slow
@harms
def test_pages_are_right_during_a_redis_outage(
    own_app: Flask, own_client: FlaskClient, own_redis: Server, mug: int, harm: Callable[[Server], None]
) -> None:
    assert_all_pages_show(own_client, "$10.00")
    assert_all_pages_show(own_client, "$10.00")
    harm(own_redis)
    assert_all_pages_show(own_client, "$10.00")
    for euros in (11, 12):
        set_price(mug, euros * 100)
        assert_all_pages_show(own_client, f"${euros}.00")
        assert_all_pages_show(own_client, f"${euros}.00")
    heal(own_redis)
    assert_all_pages_show(own_client, "$12.00")
    set_price(mug, 1300)
    assert_all_pages_show(own_client, "$13.00")
    assert eventually(lambda: trusts(own_app) and detail(get(own_client, "/products/mug")) == "L1")
    assert_all_pages_show(own_client, "$13.00")
    assert eventually(is_delivered), "pending messages are delivered"
    assert_all_pages_show(own_client, "$13.00")


@pytest.mark.slow
@harms
def test_no_page_fails_when_redis_stops_and_returns(
    own_app: Flask, own_redis: Server, mug: int, harm: Callable[[Server], None]
) -> None:
    done, seen, failed = threading.Event(), [0], []

    def shop() -> None:
        client = own_app.test_client()
        while not done.is_set():
            for address in PAGES:
                response = client.get(address)
                seen[0] += 1
                if response.status_code != 200:
                    failed.append((address, response.status))

    visitors = [threading.Thread(target=shop) for _ in range(3)]
    for visitor in visitors:
        visitor.start()

    def pass_by(number: int) -> bool:
        target = seen[0] + number
        return eventually(lambda: seen[0] >= target)

    try:
        for _ in range(2):
            assert pass_by(60)
            harm(own_redis)
            assert pass_by(60)
            heal(own_redis)
        assert pass_by(60)
    finally:
        done.set()
        for visitor in visitors:
            visitor.join()
    assert failed == []


def test_shop_starts_and_serves_without_redis(app: Flask, own_redis: Server, tmp_path: Path) -> None:
    own_redis.kill()
    for own_app in another(app, tmp_path / "own", REDIS_URL=own_redis.url):
        cache.start(own_app)
        make_product("Mug", category=make_category("Cups"), variants=[{"sku": "MUG-1", "price": 1000}])
        client = own_app.test_client()
        assert_all_pages_show(client, "$10.00")
        assert_all_pages_show(client, "$10.00")
        assert detail(get(client, "/products/mug")) == "local", "one builder, and copies for a few seconds"
        own_redis.start()
        assert eventually(lambda client=client: detail(get(client, "/products/mug")) == "L1")


class Builder:
    """A process that takes short leases and builds nothing."""

    def __init__(self, redis_url: str, prefix: str, lease: int) -> None:
        import_module("storefront.cache.l2").LEASE_MS = lease
        self.app = bare_app(redis_url, prefix)
        self.app.app_context().push()

    def take(self, key: str) -> bool:
        return isinstance(cache_state.get(self.app).store.l2.fetch(key, ""), Lease)


def test_lease_of_a_dead_process_expires_and_fails_no_page(
    own_app: Flask,
    own_client: FlaskClient,
    own_redis: Server,
    mug: int,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    cache.stop(own_app)
    assert_all_pages_show(own_client, "$10.00")
    prefix = own_app.config["CACHE_PREFIX"]
    names = entries(own_redis.client, own_app)
    with worker_pool(1, Builder, own_redis.url, prefix, LEASE_MS) as builders:
        for name in names:
            own_redis.client.delete(name)
            assert builders.call(0, "take", name.removeprefix(f"{prefix}:{{c0}}:"))
    leases = list(own_redis.client.scan_iter(f"{prefix}:{{c0}}:lease:*"))
    assert len(leases) == len(names), "it has been killed"
    monkeypatch.setattr(import_module("storefront.cache.store"), "MAX_WAIT", 0.05)
    assert_all_pages_show(own_client, "$10.00")
    for lease in leases:
        assert 0 < own_redis.client.pttl(lease) <= LEASE_MS
        own_redis.client.pexpire(lease, 1)
    assert eventually(lambda: detail(get(own_client, "/products/mug")) == "L2"), "another process could build"
    assert_all_pages_show(own_client, "$10.00")
