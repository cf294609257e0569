"""Round trips of an answer: none from L1, one from L2, two and the build for a miss."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import pytest
from flask import Flask
from flask.testing import FlaskClient

from storefront import cache
from storefront.cache.keys import CacheEntry
from storefront.cache.state import cache_state
from storefront.cache.store import CacheStore
from storefront.shop_cache.keys import PRODUCT_LIST
from tests.cache.conftest import catch_up, commands, get, listen
from tests.cache.writer_process import detail
from tests.factories import make_product
from tests.processes import eventually
from tests.redis_roles.servers import Server

pytestmark = pytest.mark.any_database

ENTRY = CacheEntry("cheap", "", PRODUCT_LIST)
SCRIPTS = ("evalsha", "eval")
# Sent by background threads (subscription, reporter) and by the count itself.
OTHERS = {"ping", "subscribe", "info", "hincrby", "expire", "zincrby", "zremrangebyrank", "lpush", "ltrim"}


class RoundTrips:
    """Counts round trips to Redis since the last call."""

    def __init__(self, redis: Server) -> None:
        self._redis = redis
        self._before = commands(redis.client)

    def trips(self) -> int:
        now = commands(self._redis.client)
        new, self._before = now - self._before, now
        return sum(new[name] for name in SCRIPTS)

    def anything(self) -> Counter[str]:
        now = commands(self._redis.client)
        new, self._before = now - self._before, now
        return Counter({name: calls for name, calls in new.items() if name not in OTHERS})


@pytest.fixture
def counting(own_app: Flask, own_redis: Server) -> RoundTrips:
    cache.fetch(CacheEntry("cheap", "connect, and load the scripts", PRODUCT_LIST), int, lambda: 1)
    return RoundTrips(own_redis)


@pytest.fixture
def own_listening(own_app: Flask) -> Iterator[CacheStore]:
    yield from listen(own_app)


def test_miss_takes_two_round_trips_and_l2_hit_one(own_app: Flask, counting: RoundTrips) -> None:
    cache.fetch(ENTRY, int, lambda: 1)
    assert counting.trips() == 2
    for _ in range(10):
        assert cache.fetch(ENTRY, int, lambda: 2) == 1
    assert counting.trips() == 10


def test_l1_hit_takes_no_round_trip(own_listening: CacheStore, own_app: Flask, counting: RoundTrips) -> None:
    cache.fetch(ENTRY, int, lambda: 1)
    counting.anything()
    for _ in range(100):
        assert cache.fetch(ENTRY, int, lambda: 2) == 1
    assert counting.anything() == {}


def test_page_takes_no_more_round_trips_than_data(own_client: FlaskClient, counting: RoundTrips) -> None:
    make_product("Mug")
    get(own_client, "/products/mug")
    counting.trips()
    assert detail(get(own_client, "/products/mug")) == "L2"
    assert counting.trips() == 1


def test_page_in_l1_takes_no_round_trip(
    own_listening: CacheStore, own_client: FlaskClient, counting: RoundTrips
) -> None:
    make_product("Mug")
    catch_up(own_listening)
    assert eventually(lambda: detail(get(own_client, "/products/mug")) == "L1")
    counting.anything()
    for _ in range(20):
        assert detail(get(own_client, "/products/mug")) == "L1"
    assert counting.anything() == {}


def test_304_moves_no_body(own_client: FlaskClient, own_redis: Server, counting: RoundTrips) -> None:
    make_product("Mug")
    page = get(own_client, "/products/mug", Accept_Encoding="br")
    size = len(page.data)

    def moved(**headers: str) -> int:
        before = own_redis.client.info("stats")["total_net_output_bytes"]
        response = get(own_client, "/products/mug", Accept_Encoding="br", **headers)
        assert response.status_code == (304 if headers else 200)
        assert len(response.data) == (0 if headers else size)
        return int(own_redis.client.info("stats")["total_net_output_bytes"] - before)

    whole, nothing = moved(), moved(If_None_Match=page.headers["ETag"])
    assert size > 1000
    assert nothing <= whole - size


def test_rebuilt_page_that_is_the_same_is_answered_304(own_client: FlaskClient, own_app: Flask) -> None:
    make_product("Mug")
    etag = get(own_client, "/products/mug").headers["ETag"]
    cache_state.get(own_app).store.l2.tag_times.invalidate(["everything"])
    response = get(own_client, "/products/mug", If_None_Match=etag)
    assert (response.status_code, response.data) == (304, b"")
    assert response.headers["Cache-Status"].startswith("storefront; fwd=miss; stored")
