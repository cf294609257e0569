"""Foreign data under the cache's keys in Redis counts as a miss and is replaced."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient
from redis import Redis

from storefront.extensions import db
from tests.cache.conftest import entries, get
from tests.cache.writer_process import assert_all_pages_show, detail, set_price
from tests.factories import make_category, make_product
from tests.redis_roles.servers import Server

pytestmark = pytest.mark.any_database

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


@pytest.fixture
def mug(own_app: Flask) -> int:
    mug = make_product("Mug", category=make_category("Cups"), variants=[{"sku": "MUG-1", "price": 1000}]).id
    db.session.rollback()
    return mug


@pytest.mark.parametrize("what", GARBAGE)
def test_foreign_data_under_an_entrys_key_is_replaced(
    own_app: Flask, own_client: FlaskClient, own_redis: Server, mug: int, what: str
) -> None:
    assert_all_pages_show(own_client, "$10.00")
    names = entries(own_redis.client, own_app)
    place = f"{own_app.config['CACHE_PREFIX']}:{{c0}}"
    leases = {name.replace(place, f"{place}:lease", 1) for name in names}
    for targets in (names, leases, {f"{place}:marks"}):
        for name in targets:
            own_redis.client.delete(name)
            GARBAGE[what](own_redis.client, name)
        assert_all_pages_show(own_client, "$10.00")
        assert_all_pages_show(own_client, "$10.00")
        set_price(mug, 1100)
        assert_all_pages_show(own_client, "$11.00")
        set_price(mug, 1000)
    assert_all_pages_show(own_client, "$10.00")
    assert detail(get(own_client, "/products/mug")) == "L2", "pages are stored again"


def test_page_with_a_damaged_field_is_built_again(
    own_app: Flask, own_client: FlaskClient, own_redis: Server, mug: int
) -> None:
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
