"""When the database fails, known pages are answered stale and say so; nothing stale is stored as fresh."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from importlib import import_module

import pytest
from flask import Flask
from flask.testing import FlaskClient
from redis import Redis
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from storefront import cache
from storefront.cache.keys import EVERYTHING, CacheEntry
from storefront.cache.state import cache_state
from storefront.cache.store import CacheStore
from storefront.extensions import db, write_transaction
from storefront.shop_cache import keys
from tests.cache.conftest import entries, get, listen
from tests.cache.writer_process import PAGES, detail, set_price
from tests.factories import make_category, make_product
from tests.processes import eventually
from tests.redis_roles.servers import Server

READERS = 8
TABLES = ("product", "variant", "category", "listing", "product_image", "stock_item")


@pytest.fixture
def app(app: Flask) -> Flask:
    app.config["PROPAGATE_EXCEPTIONS"] = False
    return app


@pytest.fixture
def seen(client: FlaskClient) -> int:
    """The id of a product whose pages are all cached."""
    mug = make_product("Mug", category=make_category("Cups"), variants=[{"sku": "MUG-1", "price": 1000}])
    for address in PAGES:
        assert get(client, address).status_code == 200
    return mug.id


@contextmanager
def database_away() -> Iterator[None]:
    """Make every read of the catalogue fail until the block ends."""
    db.session.rollback()

    def rename(old: str, new: str) -> None:
        with db.engine.begin() as connection:
            for table in TABLES:
                connection.execute(text(f"ALTER TABLE {old.format(table)} RENAME TO {new.format(table)}"))

    rename("{}", "{}_away")
    try:
        yield
    finally:
        db.session.rollback()
        rename("{}_away", "{}")


def expire(app: Flask, redis: Redis) -> None:
    for name in entries(redis, app):
        redis.hset(name, "soft", 1)


@pytest.mark.parametrize("how", ["expired", "invalidated"])
def test_known_pages_are_answered_stale_without_a_database(
    app: Flask, client: FlaskClient, store: CacheStore, redis: Redis, seen: int, how: str
) -> None:
    with database_away():
        expire(app, redis) if how == "expired" else store.l2.tag_times.invalidate([EVERYTHING])
        for _ in range(2):
            for address in PAGES:
                response = get(client, address)
                assert response.status_code == 200, address
                assert "$10.00" in response.text
                assert detail(response) == "stale"
                assert response.headers["CDN-Cache-Control"].startswith("max-age=0,")
                assert response.headers["X-Accel-Expires"] == "0"
    for address in PAGES:
        assert detail(get(client, address)) != "stale", f"{address} after the database is back"


def test_page_is_answered_even_if_its_data_expired(
    app: Flask, client: FlaskClient, redis: Redis, seen: int
) -> None:
    expire(app, redis)
    redis.delete(*(name for name in entries(redis, app) if ":page:" not in name))
    with database_away():
        for address in PAGES:
            response = get(client, address)
            assert (response.status_code, detail(response)) == (200, "stale"), address
            assert response.headers.get("X-Request-ID")


def test_unknown_page_answers_503_without_a_database(
    app: Flask, client: FlaskClient, redis: Redis, seen: int
) -> None:
    before = entries(redis, app)
    with database_away():
        response = get(client, "/products?sort=-price")
        assert response.status_code >= 500
        assert "<h1" in response.text
        assert response.headers["Cache-Status"] == "storefront; fwd=miss"
    assert entries(redis, app) == before
    assert get(client, "/products?sort=-price").status_code == 200


def test_stale_answer_is_not_stored_as_fresh(client: FlaskClient, seen: int) -> None:
    set_price(seen, 1100)
    with database_away():
        for address in PAGES:
            assert "$10.00" in get(client, address).text
    for address in PAGES:
        assert "$11.00" in get(client, address).text, address


def test_page_built_from_stale_data_is_not_stored(client: FlaskClient, store: CacheStore, seen: int) -> None:
    """The list's own data can be read again, its category cannot."""
    with write_transaction() as session:
        make_category("Cups").name = "Beakers"
        session.flush()
    db.session.rollback()
    with db.engine.begin() as connection:
        connection.execute(text("ALTER TABLE category RENAME TO category_away"))
    try:
        for address in PAGES:
            response = get(client, address)
            assert (response.status_code, detail(response)) == (200, "stale"), address
    finally:
        db.session.rollback()
        with db.engine.begin() as connection:
            connection.execute(text("ALTER TABLE category_away RENAME TO category"))
    for address in ("/", "/products", "/categories/cups", "/products/mug"):
        assert "Beakers" in get(client, address).text, address


def test_hard_purge_forbids_the_stale_page(client: FlaskClient, seen: int) -> None:
    make_product("Jug")
    get(client, "/products/jug")
    with write_transaction() as session:
        cache.invalidate_on_commit(session, keys.product_tag(seen), hard=True)
    with write_transaction() as session:
        cache.invalidate_on_commit(session, EVERYTHING)
    with database_away():
        assert get(client, "/products/mug").status_code >= 500
        assert detail(get(client, "/products/jug")) == "stale"
    assert "$10.00" in get(client, "/products/mug").text


def test_stale_data_is_answered_only_if_the_source_fails(
    app: Flask,
) -> None:
    entry = CacheEntry("away", "", keys.PRODUCT_LIST)
    assert cache.fetch(entry, int, lambda: 1) == 1
    cache_state.get(app).store.l2.tag_times.invalidate([EVERYTHING])
    assert cache.fetch(entry, int, lambda: 1 // 0) == 1
    with pytest.raises(cache.NotPublicError):
        cache.fetch(entry, int, gone)
    assert cache.fetch(entry, int, lambda: 2) == 2


def test_write_transaction_is_given_no_stale_data(app: Flask) -> None:
    entry = CacheEntry("away", "in a write", keys.PRODUCT_LIST)
    assert cache.fetch(entry, int, lambda: 1) == 1
    cache_state.get(app).store.l2.tag_times.invalidate([EVERYTHING])
    with pytest.raises(ZeroDivisionError), write_transaction():
        cache.fetch(entry, int, lambda: 1 // 0)
    assert cache.fetch(entry, int, lambda: 1 // 0) == 1


def gone() -> int:
    error = cache.NotPublicError("it is not here")
    error.status = 410
    raise error


@pytest.mark.slow
def test_without_redis_and_database_pages_come_from_l1(
    own_app: Flask, own_client: FlaskClient, own_redis: Server
) -> None:
    own_app.config["PROPAGATE_EXCEPTIONS"] = False
    make_product("Mug", category=make_category("Cups"), variants=[{"sku": "MUG-1", "price": 1000}])
    for _ in listen(own_app):
        for address in PAGES:
            assert eventually(lambda address=address: detail(get(own_client, address)) == "L1")
        own_redis.kill()
        assert eventually(lambda: not cache_state.get(own_app).store.receives_invalidations())
        with database_away():
            for address in PAGES:
                response = get(own_client, address)
                assert (response.status_code, detail(response)) == (200, "stale")


def test_all_who_wait_for_a_failing_source_fail_with_it(
    app: Flask, store: CacheStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A database that hangs is asked once, not by each reader after the other."""
    monkeypatch.setattr(import_module("storefront.cache.store"), "MAX_WAIT", 60.0)
    entry, asked, release = keys.shop_settings(), list[int](), threading.Event()

    def build() -> str:
        asked.append(1)
        release.wait(60)
        raise OperationalError("SELECT", {}, Exception("the server did not answer in time"))

    def read(_: int) -> str:
        with app.app_context():
            try:
                return cache.fetch(entry, str, build)
            except OperationalError:
                return "away"

    with ThreadPoolExecutor(READERS) as pool:
        answers = pool.map(read, range(READERS))
        waiting = Counter[tuple[str, str]]()

        def all_wait() -> bool:
            waiting.update(store.counters.take_new())
            return waiting[(entry.kind.name, "waited")] == READERS - 1

        assert eventually(all_wait)
        release.set()
        assert list(answers) == ["away"] * READERS
    assert len(asked) == 1
