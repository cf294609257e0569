"""The cache is never the cause of an outage: whatever Redis does, public pages are answered, and answered right."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from redis import Redis

from storefront import cache, outbox
from storefront.extensions import db
from tests.cache.conftest import another, entries, get
from tests.cache.shopkeeper import detail, set_price
from tests.factories import make_category, make_product
from tests.processes import eventually
from tests.redis_roles.servers import Server

PAGES = (
    "/",
    "/products",
    "/products?sort=price",
    "/categories/cups",
    "/products/mug",
    "/products/mug?variant=MUG-1",
)


@pytest.fixture
def own_app(app: Flask, own_redis: Server, tmp_path: Path) -> Iterator[Flask]:
    """The shop with all of its Redis on a server of the test's own, and its listener."""
    for one in another(app, tmp_path / "own", REDIS_URL=own_redis.url):
        cache.start(one)
        yield one


@pytest.fixture
def mug(own_app: Flask) -> int:
    mug = make_product("Mug", category=make_category("Cups"), variants=[{"sku": "MUG-1", "price": 1000}]).id
    db.session.rollback()  # what is left open for seconds is ended by the database
    return mug


def visit(client: FlaskClient, price: str) -> None:
    """Ask for every page; each has to be there and to show this price."""
    for address in PAGES:
        response = get(client, address)
        assert response.status_code == 200, address
        assert price in response.text, f"{address} ({response.headers['Cache-Status']})"


def told() -> bool:
    db.session.rollback()
    return outbox.waiting()[0] == 0


def trusts(app: Flask) -> bool:
    return bool(app.extensions["cache"].trusted())


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


def heal(redis: Server) -> None:
    """Whatever was done, let it be over."""
    if redis.process is None:
        redis.start()
    redis.thaw()
    assert eventually(redis.answers)
    redis.client.replicaof("no", "one")
    redis.client.config_set("maxmemory", "0")


@pytest.mark.slow
@pytest.mark.parametrize("harm", [kill, freeze, fill, demote, forget_scripts, flush])
def test_pages_stay_right_while_redis_is_not(
    own_app: Flask, own_client: FlaskClient, own_redis: Server, mug: int, harm: Callable[[Server], None]
) -> None:
    visit(own_client, "$10.00")
    visit(own_client, "$10.00")
    harm(own_redis)
    visit(own_client, "$10.00")
    for euros in (11, 12):
        set_price(mug, euros * 100)
        visit(own_client, f"${euros}.00")
        visit(own_client, f"${euros}.00")
    heal(own_redis)
    visit(own_client, "$12.00")
    set_price(mug, 1300)
    visit(own_client, "$13.00")
    assert eventually(lambda: trusts(own_app) and detail(get(own_client, "/products/mug")) == "L1")
    visit(own_client, "$13.00")
    assert eventually(told), "what could not be told has been told"
    visit(own_client, "$13.00")


@pytest.mark.slow
@pytest.mark.parametrize("harm", [kill, freeze])
def test_no_page_fails_while_redis_goes_and_comes_back(
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


def test_a_shop_starts_and_serves_where_there_is_no_redis(
    app: Flask, own_redis: Server, tmp_path: Path
) -> None:
    own_redis.kill()
    for own_app in another(app, tmp_path / "own", REDIS_URL=own_redis.url):
        cache.start(own_app)
        make_product("Mug", category=make_category("Cups"), variants=[{"sku": "MUG-1", "price": 1000}])
        client = own_app.test_client()
        visit(client, "$10.00")
        visit(client, "$10.00")
        assert detail(get(client, "/products/mug")) == "local", "one builder, and copies for a few seconds"
        own_redis.start()
        assert eventually(lambda client=client: detail(get(client, "/products/mug")) == "L1")


FIELDS = ("start", "born", "soft", "delta", "tags", "etag", "meta")
GARBAGE: dict[str, Callable[[Redis, str], object]] = {
    "a string": lambda redis, name: redis.set(name, b"\xff\x00garbage"),
    "a list": lambda redis, name: redis.rpush(name, "x"),
    "a hash of something else": lambda redis, name: redis.hset(
        name, mapping={"start": "x", "born": "y", "soft": "z"}
    ),
    "an empty entry": lambda redis, name: redis.hset(
        name, mapping=dict.fromkeys(("start", "soft", "tags"), "")
    ),
}


@pytest.mark.parametrize("what", GARBAGE)
def test_garbage_in_the_place_of_entries_is_replaced(
    own_app: Flask, own_client: FlaskClient, own_redis: Server, mug: int, what: str
) -> None:
    cache.stop(own_app)
    visit(own_client, "$10.00")
    names = entries(own_redis.client, own_app)
    place = f"{own_app.config['CACHE_PREFIX']}:{{c0}}"
    leases = {name.replace(place, f"{place}:lease", 1) for name in names}
    for targets in (names, leases, {f"{place}:marks"}):
        for name in targets:
            own_redis.client.delete(name)
            GARBAGE[what](own_redis.client, name)
        visit(own_client, "$10.00")
        visit(own_client, "$10.00")
        set_price(mug, 1100)
        visit(own_client, "$11.00")
        set_price(mug, 1000)
    visit(own_client, "$10.00")
    assert detail(get(own_client, "/products/mug")) == "L2", "and pages are kept again"


def test_a_page_with_one_broken_field_is_built_anew(
    own_app: Flask, own_client: FlaskClient, own_redis: Server, mug: int
) -> None:
    cache.stop(own_app)
    get(own_client, "/products/mug")
    (name,) = (one for one in entries(own_redis.client, own_app) if one.endswith(":mug") and ":page:" in one)
    for field in ("meta", "etag", "body:gzip", "tags", "body:br"):
        own_redis.client.hdel(name, field)
        for encoding in ("identity", "br"):
            assert get(own_client, "/products/mug", Accept_Encoding=encoding).status_code == 200, field
        own_redis.client.hset(name, field, b"\xff\xfe")
        for _ in range(2):
            assert "$10.00" in get(own_client, "/products/mug", Accept_Encoding="identity").text, field
        assert detail(get(own_client, "/products/mug")) == "L2", field
