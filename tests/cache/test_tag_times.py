"""Tag times, their clock and leases, also when Redis loses them or its clock runs back."""

from __future__ import annotations

import threading
import time
from importlib import import_module

import pytest
from flask import Flask

from storefront import redis_roles
from storefront.cache.hit_rates import HitRateReporter
from storefront.cache.keys import CacheEntry
from storefront.cache.l2 import L2, StoredValue
from storefront.cache.state import cache_state
from storefront.cache.store import BuildTicket, CacheHit, CacheStore
from storefront.redis_roles import RedisUnavailable, Role
from storefront.shop_cache.keys import PRODUCT_LIST
from tests.processes import eventually
from tests.redis_roles.servers import Server

ENTRY = CacheEntry("marked", "", PRODUCT_LIST)
MARKS = "bare:{c0}:marks"
LEASE = "bare:{c0}:lease:marked:"


@pytest.fixture
def store(bare: Flask) -> CacheStore:
    found: CacheStore = cache_state.get(bare).store
    return found


def elsewhere() -> CacheStore:
    """The cache of another process."""
    return CacheStore(L2("bare"), 1024, {})


def begin(store: CacheStore, entry: CacheEntry = ENTRY, *, force: bool = False) -> BuildTicket:
    ticket = store.look_up(entry, force=force)
    assert isinstance(ticket, BuildTicket)
    return ticket


def keep(ticket: BuildTicket, body: bytes = b"1") -> bool:
    return ticket.fill(StoredValue(b"", "etag", {"": body}), ["tag"], ttl=600)


def kept(store: CacheStore, entry: CacheEntry = ENTRY) -> bytes | None:
    """Return what a reader gets, None if it would have to build."""
    found = store.look_up(entry)
    if isinstance(found, CacheHit):
        return found.body
    found.abandon()
    return None


def test_lost_tag_times_invalidate_everything(store: CacheStore, own_redis: Server) -> None:
    assert keep(begin(store))
    assert kept(store) == b"1"
    own_redis.client.delete(MARKS)
    assert kept(store) is None


def test_build_begun_before_tag_times_were_lost_is_refused(store: CacheStore, own_redis: Server) -> None:
    ticket = begin(store)
    own_redis.client.delete(MARKS)
    assert not keep(ticket)
    ticket = begin(store)
    own_redis.client.delete(MARKS)
    store.l2.tag_times.invalidate(["another tag"])  # creates the tag times again
    assert not keep(ticket)
    assert kept(store) is None


def test_clock_that_runs_back_undoes_no_invalidation(store: CacheStore, own_redis: Server) -> None:
    """For example after a failover to a host whose clock is an hour behind."""
    hour = 3600 * 1_000_000
    begin(store).abandon()
    own_redis.client.zincrby(MARKS, hour, "=clock")
    assert keep(begin(store))
    store.l2.tag_times.invalidate(["tag"])
    assert kept(store) is None, "what was built before the clock ran back"
    store.l2.tag_times.invalidate(["tag"])
    assert keep(begin(store)), "the write came before the builder had begun"
    store.l2.tag_times.invalidate(["tag"])
    for _ in range(3):
        ticket = begin(store)
        store.l2.tag_times.invalidate(["tag"])
        assert not keep(ticket), "the write came after the builder had begun"
        assert keep(begin(store))
        assert kept(store) == b"1"
        store.l2.tag_times.invalidate(["tag"])
        assert kept(store) is None


def test_tag_times_outlive_entries(store: CacheStore, own_redis: Server) -> None:
    store.l2.tag_times.invalidate(["tag"])
    assert own_redis.client.ttl(MARKS) == -1
    day = 24 * 3600 * 1_000_000
    aged = {name: score - day for name, score in own_redis.client.zrange(MARKS, 0, -1, withscores=True)}
    own_redis.client.zadd(MARKS, aged)
    store.l2.tag_times.invalidate(["another"])
    assert own_redis.client.zscore(MARKS, "tag") is not None
    own_redis.client.zadd(MARKS, {"=born": aged["=born"] - 7 * day})
    store.l2.tag_times.invalidate(["another"])
    assert own_redis.client.zscore(MARKS, "=born") == aged["=born"] - 7 * day


def test_full_redis_invalidates_everything(store: CacheStore, own_redis: Server) -> None:
    assert keep(begin(store))
    own_redis.client.config_set("maxmemory", "1")
    for _ in range(3):  # until the circuit breaker refuses writes
        with pytest.raises(RedisUnavailable):
            redis_roles.call(Role.CACHE, lambda client: client.set("no", "room"), write=True)
    store.l2.tag_times.invalidate(["tag"])
    assert kept(elsewhere()) is None


def test_value_read_before_a_write_is_refused(store: CacheStore, own_redis: Server) -> None:
    ticket = begin(store)
    store.l2.tag_times.invalidate(["tag"])
    assert not keep(ticket)
    assert not own_redis.client.exists(store.l2.redis_key(ENTRY.key))
    assert store.counters.total["product_list", "refused"] == 1
    assert keep(begin(store)), "and its lease is free at once"
    overtaken = begin(store, force=True)
    store.l2.tag_times.invalidate(["another tag"])
    assert keep(overtaken, b"2"), "what it does not depend on refuses nothing"


def test_builder_that_lost_its_lease_stores_nothing(store: CacheStore) -> None:
    slow = begin(store)
    assert keep(begin(elsewhere(), force=True), b"2")
    assert not keep(slow, b"1")
    assert kept(store) == b"2"


def test_late_release_does_not_end_anothers_lease(store: CacheStore) -> None:
    slow = begin(store)
    second = begin(elsewhere(), force=True)
    slow.abandon()
    assert keep(second)


def test_dead_builder_is_replaced(store: CacheStore, own_redis: Server, bare: Flask) -> None:
    begin(store)  # it never fills or releases
    assert 0 < own_redis.client.pttl(LEASE) <= 10_000
    own_redis.client.pexpire(LEASE, 1)
    assert keep(begin(elsewhere()))


def test_reader_that_waited_too_long_builds_alone(store: CacheStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(import_module("storefront.cache.store"), "MAX_WAIT", 0.2)
    builder = begin(store)
    for waiting in (store, elsewhere()):  # in the same process, and in another
        alone = begin(waiting)
        assert alone.lease is None
        assert not keep(alone, b"0")
    assert keep(builder)
    assert kept(store) == b"1"


def test_slow_build_is_refreshed_early(store: CacheStore, own_redis: Server) -> None:
    assert keep(begin(store))
    name = store.l2.redis_key(ENTRY.key)
    assert float(own_redis.client.hget(name, "soft")) / 1e6 > time.time() + 500
    own_redis.client.hset(name, "delta", 10**18)
    assert keep(begin(store), b"2"), "the longer it takes, the earlier"
    assert kept(store) == b"2"


def test_invalidation_reaches_every_shard(bare: Flask, own_redis: Server) -> None:
    store = CacheStore(L2("sharded", 4), 1024, {})
    entries = [CacheEntry("sharded", str(place), PRODUCT_LIST) for place in range(40)]
    for entry in entries:
        assert keep(begin(store, entry))
    assert {name.split(":")[1] for name in own_redis.client.keys("sharded:*")} == {
        "{c0}",
        "{c1}",
        "{c2}",
        "{c3}",
    }
    store.l2.tag_times.invalidate(["tag"])
    assert [kept(store, entry) for entry in entries] == [None] * 40


def test_readers_wait_for_the_running_build(
    store: CacheStore, bare: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(import_module("storefront.cache.store"), "MAX_WAIT", 60.0)
    ticket, answers = begin(store), []

    def read(reader: CacheStore) -> None:
        with bare.app_context():
            answers.append(kept(reader))

    readers = [threading.Thread(target=read, args=(one,)) for one in (store, elsewhere())]
    for reader in readers:
        reader.start()
    assert eventually(lambda: store.counters.total["product_list", "waited"] == 1)
    assert keep(ticket)
    for reader in readers:
        reader.join()
    assert answers == [b"1", b"1"]


def test_counts_that_cannot_be_sent_do_not_delay_tag_times(
    bare: Flask, store: CacheStore, own_redis: Server
) -> None:
    reporter = HitRateReporter(bare, store)
    store.l2.tag_times.invalidate(["tag"])
    own_redis.client.zrem(MARKS, "tag")  # a replica took over that had not received it
    store.l2.tag_times.suspect_failover()
    minute = int(time.time() // 60)
    own_redis.client.mset({f"bare:stats:{minute}": "no hash", f"bare:stats:{minute + 1}": "no hash"})
    store.counters.add("product_list", "miss")
    reporter.report()
    assert own_redis.client.zscore(MARKS, "tag") is not None
    store.l2.tag_times.suspect_failover()
    own_redis.kill()
    reporter.report()
