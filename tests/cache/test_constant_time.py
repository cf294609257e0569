"""Invalidation takes constant time, and no request scans the keys."""

from __future__ import annotations

from collections import Counter

from flask import Flask
from flask.testing import FlaskClient
from redis import Redis

from storefront import cache
from storefront.cache.keys import CacheEntry
from storefront.cache.l2 import StoredValue
from storefront.cache.state import cache_state
from storefront.cache.store import BuildTicket, CacheStore
from storefront.shop_cache.keys import PRODUCT_LIST
from tests.cache.conftest import commands, entries
from tests.cache.writer_process import set_price
from tests.factories import make_category, make_product
from tests.redis_roles.servers import Server


def keep(app: Flask, number: int) -> None:
    """Store this many entries with one tag."""
    store: CacheStore = cache_state.get(app).store
    for place in range(number):
        ticket = store.look_up(CacheEntry("many", str(place), PRODUCT_LIST))
        assert isinstance(ticket, BuildTicket)
        assert ticket.fill(StoredValue(b"", "etag", {"": b"x"}), ["category:1"], ttl=600)


def copy(app: Flask, redis: Redis, number: int) -> None:
    """Store this many more entries as copies of the first; that is quicker than building them."""
    name = cache_state.get(app).store.l2.redis_key("many:0")
    script = "for i = 1, ARGV[1] do redis.call('COPY', KEYS[1], KEYS[1] .. '-copy-' .. i) end"
    redis.eval(script, 1, name, number)


def cost(app: Flask, own_redis: Server) -> tuple[Counter[str], int]:
    """Invalidate the tag; return the Redis commands that it took, and the change in the number of keys."""
    store: CacheStore = cache_state.get(app).store
    store.l2.tag_times.invalidate(["category:1"])  # loads the script
    before, keys = commands(own_redis.client), own_redis.client.dbsize()
    store.l2.tag_times.invalidate(["category:1"])
    after = commands(own_redis.client)
    after.subtract(before)
    changed = own_redis.client.dbsize() - keys
    return +after - Counter({"info": 1, "dbsize": 1}), changed


def test_invalidation_takes_constant_time(bare: Flask, own_redis: Server) -> None:
    keep(bare, 100)
    few = cost(bare, own_redis)
    copy(bare, own_redis.client, 19_900)
    assert len(entries(own_redis.client, bare)) == 20_000
    assert cost(bare, own_redis) == few
    assert few[1] == 0, "no key is made or deleted"
    assert sum(few[0].values()) <= 6, few[0]
    for place in (0, 1, "0-copy-1", "0-copy-19900"):
        assert isinstance(
            cache_state.get(bare).store.look_up(CacheEntry("many", str(place), PRODUCT_LIST)), BuildTicket
        )


def test_no_request_scans_the_keys(own_client: FlaskClient, own_redis: Server) -> None:
    category = make_category("Cups")
    product = make_product("Mug", category=category, variants=[{"price": 1000}])
    for _ in range(2):
        for address in (
            "/",
            "/products",
            "/products?q=mug",
            "/categories/cups",
            "/products/mug",
            "/products/no",
        ):
            own_client.get(address)
        set_price(product.id, 1100)
        with own_client.application.app_context():
            cache.fetch(CacheEntry("data", "", PRODUCT_LIST), int, lambda: 1)
    used = commands(own_redis.client)
    assert used["evalsha"] > 10
    assert not {"keys", "scan", "sscan", "hscan", "zscan", "randomkey", "flushdb", "flushall"} & set(used)


def test_old_tag_times_are_removed_a_few_at_a_time(bare: Flask, own_redis: Server) -> None:
    store: CacheStore = cache_state.get(bare).store
    store.l2.tag_times.invalidate(["fresh"])
    marks = f"{bare.config['CACHE_PREFIX']}:{{c0}}:marks"
    own_redis.client.zadd(marks, {f"old:{i}": 1_000_000 + i for i in range(100)})
    for _ in range(20):
        store.l2.tag_times.invalidate(["fresh"])
    left = {name for name in own_redis.client.zrange(marks, 0, -1) if not name.startswith("=")}
    assert left == {"fresh"}
