"""The cache is bounded: in time, in bytes, and in the number of entries that requests can create."""

from __future__ import annotations

import pytest
from flask import Flask
from flask.testing import FlaskClient
from redis import Redis

from storefront import cache
from storefront.cache.keys import NEGATIVE_TTL, CacheEntry
from storefront.cache.l1 import L1, L1Entry
from storefront.cache.l2 import StoredValue
from storefront.cache.store import MAX_BYTES, BuildTicket, CacheStore
from storefront.catalog.models import CategoryRedirect
from storefront.extensions import write_transaction
from storefront.shop_cache.keys import PRODUCT_LIST
from tests.cache.conftest import entries, get
from tests.cache.writer_process import detail
from tests.factories import make_category, make_product

pytestmark = pytest.mark.any_database

PAGES = (
    "/",
    "/products",
    "/products?q=mug",
    "/categories/cups",
    "/products/mug",
    "/products/none",
    "/products/old",
)


@pytest.fixture
def stocked(client: FlaskClient) -> FlaskClient:
    make_product("Mug", category=make_category("Cups"), variants=[{"sku": "MUG-1"}])
    make_product("Old", status="archived")
    for address in PAGES:
        get(client, address)
    return client


def test_every_entry_expires(stocked: FlaskClient, app: Flask, redis: Redis) -> None:
    names = entries(redis, app)
    assert len(names) > len(PAGES)
    assert all(0 < redis.ttl(name) <= 24 * 3600 * 1.1 for name in names)
    assert all(redis.pttl(name) > 0 for name in redis.scan_iter(f"{app.config['CACHE_PREFIX']}*:lease:*"))


SAME = [
    ("/", "/?utm_source=x"),
    ("/products", "/products?fbclid=1&utm=2"),
    ("/products", "/products?page=1&sort=new&in_stock=0&vendor="),
    ("/products?sort=name&in_stock=1", "/products?in_stock=yes&sort=name"),
    ("/products?min_price=1&max_price=20", "/products?max_price=20.00&min_price=01.0"),
    ("/products?q=blue+mug", "/products?q=%20blue%20%20mug%20"),
    ("/products?vendor=Kiln+Row", "/products?vendor=Kiln%20Row&nobody=knows"),
    ("/categories/cups", "/categories/%63ups?x=1"),
    ("/products/mug", "/products/m%75g?ref=mail"),
    ("/products/mug", "/products/mug?variant="),
    ("/products/none", "/products/none?again=1"),
]


def test_equivalent_addresses_share_one_entry(stocked: FlaskClient, app: Flask, redis: Redis) -> None:
    for known, same in SAME:
        first = get(stocked, known)
        before = entries(redis, app)
        second = get(stocked, same)
        assert (second.data, detail(second)) == (first.data, "L2"), same
        assert entries(redis, app) == before, same


def test_category_page_and_category_filter_share_data(stocked: FlaskClient, app: Flask, redis: Redis) -> None:
    data = {name for name in entries(redis, app) if ":page:" not in name}
    assert get(stocked, "/products?category=cups").data == get(stocked, "/categories/cups").data
    assert {name for name in entries(redis, app) if ":page:" not in name} == data


def test_head_request_shares_the_entry_of_get(stocked: FlaskClient, app: Flask, redis: Redis) -> None:
    before = entries(redis, app)
    assert all(stocked.head(address).data == b"" for address in PAGES)
    assert entries(redis, app) == before
    assert detail(stocked.head("/")) == "L2"


def test_unknown_variant_creates_no_entry(stocked: FlaskClient, app: Flask, redis: Redis) -> None:
    before = entries(redis, app)
    response = get(stocked, "/products/mug?variant=NOBODY-1")
    assert response.status_code == 200
    assert response.headers["Cache-Status"] == "storefront; fwd=miss"
    assert entries(redis, app) == before
    get(stocked, "/products/mug?variant=MUG-1")
    assert len(entries(redis, app)) == len(before) + 1


def test_slug_with_question_mark_is_not_a_variant(stocked: FlaskClient) -> None:
    assert get(stocked, "/products/mug%3FMUG-1").status_code == 404
    assert get(stocked, "/products/mug?variant=MUG-1").status_code == 200
    assert get(stocked, "/products/mug%3FMUG-1").status_code == 404


def test_redirect_does_not_store_one_visitors_parameters(client: FlaskClient) -> None:
    category = make_category("Cups")
    with write_transaction() as session:
        session.add(CategoryRedirect(path="mugs", category_id=category.id))
    assert get(client, "/categories/mugs?utm_source=me").location.endswith("/cups?utm_source=me")
    assert get(client, "/categories/mugs").location.endswith("/cups")
    assert get(client, "/categories/mugs").headers["Cache-Status"].startswith("storefront; hit")


def test_missing_product_is_cached_briefly(client: FlaskClient, app: Flask, redis: Redis) -> None:
    assert get(client, "/products/jug").status_code == 404
    assert detail(get(client, "/products/jug")) == "L2"
    (name,) = [name for name in entries(redis, app) if "jug" in name]
    soft, start = (float(value) for value in redis.hmget(name, "soft", "start"))
    assert (soft - start) / 1e6 <= NEGATIVE_TTL * 1.1 + 1
    assert redis.ttl(name) <= 2 * NEGATIVE_TTL, "anybody can make up such addresses"
    make_product("Jug")
    assert get(client, "/products/jug").status_code == 200


def test_empty_list_is_a_hit(client: FlaskClient) -> None:
    for address in ("/products", "/products?q=nothing"):
        assert detail(get(client, address)) == ""
        assert detail(get(client, address)) == "L2"


def test_too_large_value_is_counted_and_not_stored(app: Flask, store: CacheStore, redis: Redis) -> None:
    large = "x" * (MAX_BYTES + 1)
    entry = CacheEntry("large", "", PRODUCT_LIST)
    assert cache.fetch(entry, str, lambda: large) == large
    assert store.counters.total["product_list", "too_large"] == 1
    assert not entries(redis, app)
    assert cache.fetch(entry, str, lambda: "small") == "small", "and no reader waits for its lease"
    assert len(entries(redis, app)) == 1


def test_l1_stays_within_its_limit(app: Flask, listening: CacheStore) -> None:
    listening.l1.limit = 100_000
    for place in range(500):
        ticket = listening.look_up(CacheEntry("local", str(place), PRODUCT_LIST))
        assert isinstance(ticket, BuildTicket)
        ticket.fill(StoredValue(b"", "etag", {"": b"x" * 1_000}), [f"card:{place}"], ttl=600)
    assert 10 < len(listening.l1) < 100
    assert listening.l1.size <= 100_000
    assert listening.l1.evicted >= 400


def test_l1_keeps_the_entries_that_are_used() -> None:
    local = L1(100_000)
    for place in range(500):
        copy = L1Entry(b"", "", {"": b"x" * 1_000}, ("everything",), float("inf"))
        assert local.put(str(place), copy, local.generation)
        local.get("0")
    assert local.get("0") is not None
    assert local.get("1") is None


def test_invalidated_l1_entry_frees_its_bytes() -> None:
    local = L1(1_000_000)
    copy = L1Entry(b"", "etag", {"": b"x" * 1_000}, ("everything", "card:1"), float("inf"))
    local.put("a", copy, local.generation)
    local.add_variant("a", copy, "br", b"y" * 500)
    assert local.size > 1_500
    local.invalidate(["card:1"])
    assert (local.size, len(local), local.get("a")) == (0, 0, None)
