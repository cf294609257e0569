"""Fixtures for tests of the cache: a shop that receives invalidations, and a Redis server for one test."""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from redis import Redis
from werkzeug.test import TestResponse

from storefront import cache, redis_roles
from storefront.cache.state import cache_state
from storefront.cache.store import CacheStore
from storefront.extensions import db
from storefront.redis_roles import Role
from tests.cache.workers import bare_app
from tests.conftest import make_app
from tests.factories import make_category, make_product
from tests.processes import eventually
from tests.redis_roles.servers import Server, server


@pytest.fixture
def store(app: Flask) -> CacheStore:
    """The shop's cache."""
    found: CacheStore = cache_state.get(app).store
    return found


@pytest.fixture
def redis(app: Flask) -> Redis:
    """The Redis under the shop's cache."""
    return redis_roles.get_client(Role.CACHE)


@pytest.fixture
def listening(app: Flask) -> Iterator[CacheStore]:
    """The shop's cache with both levels in use."""
    yield from listen(app)


@pytest.fixture
def own_redis(tmp_path: Path) -> Iterator[Server]:
    """A Redis server for this test only."""
    with server(tmp_path) as one:
        yield one


@pytest.fixture
def bare(own_redis: Server) -> Iterator[Flask]:
    """An app with nothing but the cache, on its own Redis server."""
    app = bare_app(own_redis.url, "bare")
    with app.app_context():
        yield app


@pytest.fixture
def own_app(app: Flask, own_redis: Server, redis_url: str, tmp_path: Path) -> Iterator[Flask]:
    """The shop on the same database, with its own Redis server for the cache."""
    yield from another(app, tmp_path / "own", REDIS_URL=redis_url, CACHE_REDIS_URL=own_redis.url)


@pytest.fixture
def own_client(own_app: Flask) -> FlaskClient:
    """A client of the shop with its own Redis server."""
    return own_app.test_client()


@pytest.fixture
def mug(client: FlaskClient) -> int:
    """A shop with a mug and a cup (Table / Cups) and another vendor's plate (Plates); the mug's id."""
    cups, plates = make_category("Table", "Cups"), make_category("Plates")
    make_product("Plate", category=plates, vendor="Other")
    make_product("Cup", category=cups)
    return make_product("Mug", category=cups, variants=[{"sku": "MUG-1", "price": 1000, "on_hand": 9}]).id


def another(app: Flask, instance: Path, **environ: str) -> Iterator[Flask]:
    """A second application on the same database and pictures, in a context of its own."""
    instance.mkdir()
    url = app.config["SQLALCHEMY_DATABASE_URI"]
    other = make_app(url, instance, STOREFRONT_LIMITS="off", **environ)
    other.config["MEDIA_DIR"] = app.config["MEDIA_DIR"]
    with other.app_context():
        yield other
        cache.stop(other)
        db.session.remove()
        db.engine.dispose()


def listen(app: Flask) -> Iterator[CacheStore]:
    """Start the subscription and wait until it works; stop it at the end."""
    store: CacheStore = cache_state.get(app).store
    cache.start(app)
    assert eventually(lambda: store.receives_invalidations())
    yield store
    cache.stop(app)


def catch_up(store: CacheStore) -> None:
    """Wait until this process has received every message that was published before.

    A process receives its own, too. One that comes late drops what was built since its write.
    """
    sign = f"nobody:{uuid.uuid4().hex}"
    redis_roles.get_client(Role.CACHE).publish(store.l2.tag_times.channel, sign)
    assert eventually(lambda: sign in store.l1._invalidated)


def get(client: FlaskClient, address: str, **headers: str) -> TestResponse:
    """Request a page. The test's own transaction ends first, so that the page does not read its snapshot."""
    db.session.rollback()
    return client.get(address, headers={name.replace("_", "-"): value for name, value in headers.items()})


def commands(redis: Redis) -> Counter[str]:
    """Return how often clients and scripts called each command since the server started."""
    stats = redis.info("commandstats")
    return Counter({name.removeprefix("cmdstat_"): about["calls"] for name, about in stats.items()})


def entries_but_settings(redis: Redis, app: Flask) -> set[str]:
    """Return the keys of the shop's entries without that of the settings, which every page reads."""
    return {name for name in entries(redis, app) if ":shop:settings:" not in name}


def entries(redis: Redis, app: Flask) -> set[str]:
    """Return the keys of the shop's entries: everything in Redis but tag times and leases."""
    prefix = f"{app.config['CACHE_PREFIX']}:"
    names = {name.decode() if isinstance(name, bytes) else name for name in redis.scan_iter(f"{prefix}{{c*")}
    return {name for name in names if not name.endswith(":marks") and ":lease:" not in name}
