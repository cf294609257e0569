"""Data past its time: it is built in the background, and nobody waits long who may get the old value."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator

import pytest
from flask import Flask
from flask.testing import FlaskClient
from redis import Redis
from sqlalchemy import text

from storefront import cache
from storefront.cache import data_builds
from storefront.cache.data_builds import DataBuilds
from storefront.cache.keys import STALE, CacheEntry
from storefront.cache.l2 import Lease
from storefront.cache.state import cache_state
from storefront.cache.store import CacheStore
from storefront.errors import BadInputError
from storefront.extensions import db, write_transaction
from storefront.shop_cache.keys import PRODUCT_LIST
from tests.cache.conftest import entries, get
from tests.cache.writer_process import detail

pytestmark = pytest.mark.any_database

PATIENCE = 30.0  # seconds
ENTRY, OTHER = (CacheEntry("data", name, PRODUCT_LIST) for name in ("one", "other"))


class Source:
    """Counts its reads; those after the first wait while it is closed."""

    def __init__(self) -> None:
        self.open = threading.Event()
        self.reads = 0
        self.failing = False

    def read(self) -> int:
        cache.depends_on("tag")
        self.reads += 1
        if self.reads > 1:
            assert self.open.wait(PATIENCE)
        if self.failing:
            raise ZeroDivisionError
        return self.reads


@pytest.fixture
def builds(app: Flask, listening: CacheStore) -> DataBuilds:
    return cache_state.get(app).data_builds


@pytest.fixture
def source(builds: DataBuilds, monkeypatch: pytest.MonkeyPatch) -> Iterator[Source]:
    """A slow source, of which the cache has a value. Nobody waits for it longer than a moment."""
    monkeypatch.setattr(data_builds, "PATIENCE", 0.01)
    one = Source()
    assert fetch(one.read) == 1
    yield one
    one.open.set()


@pytest.fixture
def expire(app: Flask, redis: Redis) -> Callable[[], None]:
    """Let the soft TTL of every entry be over."""

    def end() -> None:
        for name in entries(redis, app):
            redis.hset(name, "soft", 1)
        cache_state.get(app).store.l1.clear()

    return end


def fetch(read: Callable[[], int], entry: CacheEntry = ENTRY) -> int:
    return cache.fetch(entry, int, read)


def test_old_data_is_answered_during_a_slow_build(
    source: Source, builds: DataBuilds, expire: Callable[[], None]
) -> None:
    expire()
    with cache.collect_dependencies() as tags:
        assert [fetch(source.read) for _ in range(3)] == [1, 1, 1]
    assert tags >= {"tag", STALE}
    source.open.set()
    builds.wait()
    with cache.collect_dependencies() as tags:
        assert fetch(source.read) == 2
    assert ("tag" in tags, STALE in tags, source.reads) == (True, False, 2)


def test_quick_build_of_data_is_waited_for(
    source: Source, expire: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(data_builds, "PATIENCE", PATIENCE)
    source.open.set()
    expire()
    with cache.collect_dependencies() as tags:
        assert fetch(source.read) == 2
    assert ("tag" in tags, STALE in tags) == (True, False)


def test_many_readers_of_old_data_cost_one_build(
    app: Flask, source: Source, builds: DataBuilds, expire: Callable[[], None]
) -> None:
    expire()
    answers = []

    def read() -> None:
        with app.app_context():
            answers.append(fetch(source.read))

    readers = [threading.Thread(target=read) for _ in range(12)]
    for reader in readers:
        reader.start()
    for reader in readers:
        reader.join()
    source.open.set()
    builds.wait()
    assert (answers, source.reads) == ([1] * 12, 2)


def test_old_data_is_answered_if_too_many_builds_go_on(
    source: Source, builds: DataBuilds, expire: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert fetch(lambda: 10, OTHER) == 10
    expire()
    monkeypatch.setattr(data_builds, "MAX_BUILDS", 1)
    assert fetch(source.read) == 1
    assert fetch(lambda: 20, OTHER) == 10
    source.open.set()
    builds.wait()
    monkeypatch.setattr(data_builds, "PATIENCE", PATIENCE)
    assert fetch(lambda: 20, OTHER) == 20, "its lease was given up"


def test_invalidated_data_is_waited_for(
    source: Source, store: CacheStore, expire: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Redis does not know of the invalidation yet, and still offers the old value."""
    expire()
    store.pending.add(["tag"])
    monkeypatch.setattr(data_builds, "MAX_BUILDS", 0)
    source.open.set()
    assert fetch(source.read) == 2


def test_page_of_old_data_is_not_stored(
    app: Flask, client: FlaskClient, builds: DataBuilds, expire: Callable[[], None], redis: Redis
) -> None:
    numbers = iter((1, 2))
    app.add_url_rule("/n", "n", cache.public_page(PRODUCT_LIST)(lambda: str(fetch(lambda: next(numbers)))))
    assert fetch(lambda: next(numbers)) == 1
    expire()
    (name,) = entries(redis, app)
    key, store = name.partition("}:")[2], cache_state.get(app).store
    lease = store.l2.fetch(key, "")  # another process builds the data
    assert isinstance(lease, Lease)
    for _ in range(2):
        response = get(client, "/n")
        assert (response.text, detail(response)) == ("1", "stale")
    store.l2.release(key, lease)
    assert [get(client, "/n").text for _ in range(2)] == ["2", "2"]


def test_failed_build_leaves_the_old_data(
    source: Source, builds: DataBuilds, expire: Callable[[], None]
) -> None:
    expire()
    source.failing = True
    assert fetch(source.read) == 1
    source.open.set()
    builds.wait()
    source.failing = False
    assert fetch(source.read) in (1, 3), "the next visitor starts it again"
    builds.wait()
    assert (fetch(source.read), source.reads) == (3, 3)


def test_data_that_turns_out_to_be_gone_is_deleted(
    app: Flask, source: Source, builds: DataBuilds, expire: Callable[[], None], redis: Redis
) -> None:
    def find_nothing() -> int:
        source.open.wait(PATIENCE)
        raise BadInputError("number", "It is gone.")

    expire()
    assert fetch(find_nothing) == 1
    source.open.set()
    builds.wait()
    assert entries(redis, app) == set()


def test_build_in_background_has_its_own_database_session(
    source: Source, expire: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(data_builds, "PATIENCE", PATIENCE)
    sessions = []

    def read() -> int:
        sessions.append(db.session())
        return int(db.session.execute(text("SELECT 5")).scalar_one())

    expire()
    assert fetch(read) == 5
    with write_transaction() as session:  # what it has written is not committed: nobody else sees it
        expire()
        assert fetch(read) == 5
        assert [each is session for each in sessions] == [False, True]
