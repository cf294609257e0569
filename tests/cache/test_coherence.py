"""Coherence: after a write no process answers with the old value, even without its subscription."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
from flask import Flask

from storefront import cache
from storefront.cache.keys import CacheEntry
from storefront.cache.l1 import L1, L1Entry
from storefront.cache.store import CacheStore
from storefront.extensions import db, write_transaction
from storefront.shop_cache.keys import PRODUCT_LIST
from tests.cache.workers import WorkerPool, worker_pool
from tests.cache.writer_process import DeafProxy, ShopProcess
from tests.factories import make_product
from tests.processes import eventually
from tests.redis_roles.servers import Server

WRITER, READER = 0, 1


@pytest.fixture
def shops(app: Flask, own_redis: Server) -> Iterator[WorkerPool]:
    with keepers(app, own_redis.url) as members:
        yield members


def keepers(app: Flask, redis_url: str, members: int = 2) -> object:
    return worker_pool(
        members, ShopProcess, app.config["SQLALCHEMY_DATABASE_URI"], redis_url, app.config["CACHE_PREFIX"]
    )


def make_mug() -> int:
    """Make a product and end the transaction: the database would end it while processes start."""
    product_id = make_product("Mug", variants=[{"price": 1000}]).id
    db.session.rollback()
    return product_id


def warm(shops: WorkerPool, member: int, address: str) -> bool:
    """Request a page until the process answers it from L1."""
    return eventually(lambda: shops.call(member, "page", address)[1] == "L1")


def shows(shops: WorkerPool, member: int, address: str, words: str) -> bool:
    return words in shops.call(member, "page", address)[0]


@pytest.mark.slow
def test_price_change_reaches_the_other_processes(shops: WorkerPool) -> None:
    mug = make_mug()
    for euros in range(11, 17):
        assert warm(shops, READER, "/products/mug")
        shops.call(WRITER, "price", mug, euros * 100)
        assert shows(shops, WRITER, "/products/mug", f"${euros}.00"), "the writer itself sees it at once"
        assert eventually(lambda euros=euros: shows(shops, READER, "/products/mug", f"${euros}.00"))
        assert not shows(shops, READER, "/products/mug", f"${euros - 1}.00")


@pytest.mark.slow
def test_process_with_a_dead_subscription_stops_using_l1(app: Flask, own_redis: Server) -> None:
    mug = make_mug()
    line = DeafProxy(own_redis.port)
    try:
        with keepers(app, own_redis.url, 1) as writers, keepers(app, line.url, 1) as deaf:
            assert warm(deaf, 0, "/products/mug")
            line.hold.clear()
            writers.call(0, "price", mug, 1100)
            assert eventually(lambda: not deaf.call(0, "receives_invalidations"))
            text, detail = deaf.call(0, "page", "/products/mug")
            assert "$11.00" in text
            assert detail != "L1"
            writers.call(0, "price", mug, 1200)
            assert shows(deaf, 0, "/products/mug", "$12.00"), "it asks Redis each time"
            line.hold.set()
            assert warm(deaf, 0, "/products/mug")
            assert shows(deaf, 0, "/products/mug", "$12.00")
    finally:
        line.close()


@pytest.mark.slow
def test_no_invalidation_is_missed_during_a_reconnect(shops: WorkerPool, own_redis: Server) -> None:
    mug = make_mug()
    for euros in range(11, 14):
        assert warm(shops, READER, "/products/mug")
        own_redis.client.client_kill_filter(_type="pubsub")
        shops.call(WRITER, "price", mug, euros * 100)
        assert eventually(lambda euros=euros: shows(shops, READER, "/products/mug", f"${euros}.00"))
        assert warm(shops, READER, "/products/mug")
        assert shows(shops, READER, "/products/mug", f"${euros}.00"), "nor after it has subscribed again"


def test_process_sees_its_own_writes_at_once(app: Flask, listening: CacheStore) -> None:
    entry, version, done = CacheEntry("busy", "", PRODUCT_LIST), 0, threading.Event()

    def build() -> int:
        cache.depends_on("busy")
        return version

    def read() -> None:
        with app.app_context():
            while not done.is_set():
                cache.fetch(entry, int, build)

    readers = [threading.Thread(target=read) for _ in range(2)]
    for reader in readers:
        reader.start()
    try:
        for version in range(1, 25):
            with write_transaction() as session:
                cache.invalidate_on_commit(session, "busy")
            assert cache.fetch(entry, int, build) == version
    finally:
        done.set()
        for reader in readers:
            reader.join()


def test_l1_refuses_an_entry_invalidated_during_its_look_up() -> None:
    local = L1(10_000)

    def arrive(key: str, tick: int) -> bool:
        return local.put(key, L1Entry(b"", "", {"": b""}, ("everything", "card:1"), float("inf")), tick)

    began = local.generation
    local.invalidate(["card:2"])
    assert arrive("another tag was dropped", began)
    local.invalidate(["card:1"])
    assert not arrive("this one", began)
    assert arrive("looked up afterwards", local.generation)
    began = local.generation
    local.clear()
    assert not arrive("everything was dropped", began)
