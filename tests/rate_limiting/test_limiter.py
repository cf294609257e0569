"""The limiter on a real Redis: what it stores, when it needs no round trip, and what it survives."""

from __future__ import annotations

import time

import pytest
from redis import Redis

from storefront.rate_limiting import limiter as module
from storefront.rate_limiting.gcra import Hit
from storefront.rate_limiting.limiter import Limiter
from tests.processes import eventually
from tests.rate_limiting.conftest import ask, forgetful, new_limiter, passes, policy
from tests.redis_roles.servers import Server


def scripts_run(redis: Redis) -> int:
    stats = redis.info("commandstats")
    return sum(stats.get(f"cmdstat_{name}", {"calls": 0})["calls"] for name in ("evalsha", "eval"))


def key(prefix: str, one: Hit) -> str:
    return f"{{{prefix}:limit}}:{one.policy.name}:{one.client}"


def test_client_is_one_small_key_that_expires_with_its_debt(
    limiter: Limiter, redis: Redis, prefix: str
) -> None:
    one = ask("100/minute")
    for _ in range(50):
        assert passes(limiter, one)
    (name,) = redis.scan_iter(f"*{prefix}*")
    assert name == key(prefix, one)
    assert redis.strlen(name) == 16
    assert 0 < redis.pttl(name) <= 30_000


def test_a_request_that_is_refused_leaves_no_trace(limiter: Limiter, redis: Redis, prefix: str) -> None:
    one = ask("1/hour")
    assert passes(limiter, one)
    before = redis.get(key(prefix, one))
    assert not passes(forgetful(limiter), one)
    assert redis.get(key(prefix, one)) == before


def test_refused_client_is_refused_from_memory(own_redis: Server, prefix: str) -> None:
    limiter, one = new_limiter(own_redis.url, prefix), ask("3/hour")
    assert [passes(limiter, one) for _ in range(4)] == [True, True, True, False]
    before = scripts_run(own_redis.client)
    assert not any(passes(limiter, one) for _ in range(200))
    assert scripts_run(own_redis.client) == before


def test_cheap_request_passes_where_a_costly_one_is_refused(limiter: Limiter) -> None:
    assert passes(limiter, ask("10/hour", cost=8))
    assert not passes(limiter, ask("10/hour", cost=3))
    assert passes(limiter, ask("10/hour", cost=2))


def test_a_request_with_several_limits_is_one_round_trip(own_redis: Server, prefix: str) -> None:
    limiter = new_limiter(own_redis.url, prefix)
    asks = [ask("100/hour", name=name) for name in ("one", "two", "three")]
    assert passes(limiter, *asks)
    before = scripts_run(own_redis.client)
    for _ in range(10):
        assert passes(limiter, *asks)
    assert scripts_run(own_redis.client) == before + 10


def test_refused_client_passes_after_its_wait(limiter: Limiter) -> None:
    one = ask("10/s+1")
    while (verdict := limiter.hit([one])[0]).allowed:
        pass
    time.sleep(verdict.wait / 1e6)
    assert passes(limiter, one)


@pytest.mark.parametrize("value", ["", "rubbish", "-5", "1e300", "nan", "inf", "9" * 400, "12.5", "0x10"])
def test_invalid_value_locks_nobody_out_for_long(
    limiter: Limiter, redis: Redis, prefix: str, value: str
) -> None:
    one = ask("100/s+1")
    redis.set(key(prefix, one), value)
    verdict, _ = limiter.hit([one])
    assert verdict.wait <= one.policy.tolerance
    assert eventually(lambda: passes(limiter, one))


@pytest.mark.parametrize("kind", ["list", "hash", "zset", "stream"])
def test_a_key_of_another_type_heals(limiter: Limiter, redis: Redis, prefix: str, kind: str) -> None:
    one = ask("2/hour")
    {
        "list": lambda name: redis.rpush(name, "x"),
        "hash": lambda name: redis.hset(name, "x", "y"),
        "zset": lambda name: redis.zadd(name, {"x": 1}),
        "stream": lambda name: redis.xadd(name, {"x": "y"}),
    }[kind](key(prefix, one))
    assert [passes(limiter, one) for _ in range(3)] == [True, True, False]
    assert redis.type(key(prefix, one)) == "string"


def test_raised_limit_frees_refused_clients(limiter: Limiter, redis_url: str, prefix: str) -> None:
    assert passes(limiter, ask("1/day"))
    now = new_limiter(redis_url, prefix)
    assert eventually(lambda: passes(now, ask("100/s")))


def test_a_shadow_limit_counts_and_refuses_nobody(limiter: Limiter, redis: Redis, prefix: str) -> None:
    shadow, real = ask("2/hour", name="shadow", shadow=True), ask("5/hour", name="real")
    verdicts = [limiter.hit([shadow, real])[0] for _ in range(6)]
    assert [verdict.allowed for verdict in verdicts] == [True] * 5 + [False]
    assert [[one.policy.name for one in verdict.exceeded] for verdict in verdicts[:5]] == [[], []] + [
        ["shadow"]
    ] * 3


def test_remembered_client_far_from_its_limit_skips_redis(own_redis: Server, prefix: str) -> None:
    limiter, one = new_limiter(own_redis.url, prefix), ask("1000/hour", exact=False)
    assert passes(limiter, one)
    before = scripts_run(own_redis.client)
    lease = limiter.max_unreported(one.policy)
    assert lease == 100
    assert all(passes(limiter, one) for _ in range(lease))
    assert scripts_run(own_redis.client) == before
    assert passes(limiter, one)  # one more than may stay unreported
    assert scripts_run(own_redis.client) == before + 1
    assert limiter.flush() is False


def test_flush_reports_all_admitted_units_to_redis(limiter: Limiter, redis_url: str, prefix: str) -> None:
    one = ask("100/hour", exact=False)
    assert all(passes(limiter, one) for _ in range(8))
    assert limiter.flush()
    verdict, source = new_limiter(redis_url, prefix).hit([one])
    assert source == "redis"
    assert verdict.states[0].remaining == 91


def test_flush_of_many_clients_takes_few_calls(own_redis: Server, prefix: str) -> None:
    limiter = new_limiter(own_redis.url, prefix)
    asks = [ask("100/hour", who=f"192.0.2.{number}", exact=False) for number in range(250)]
    for one in asks * 2:
        assert passes(limiter, one)
    before = scripts_run(own_redis.client)
    assert limiter.flush()
    assert scripts_run(own_redis.client) == before + 2
    assert not limiter.flush()


def test_client_near_its_limit_is_decided_by_redis(limiter: Limiter, redis_url: str, prefix: str) -> None:
    one, other = ask("100/hour", exact=False), new_limiter(redis_url, prefix)
    sources = [limiter.hit([one])[1] for _ in range(100)]
    assert sources[80:] == ["redis"] * 20
    assert "memory" in sources[:80]
    assert not passes(limiter, one)
    assert not passes(other, one)


def test_memory_is_bounded(limiter: Limiter, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_CLIENTS", 50)
    for number in range(200):
        assert passes(limiter, ask("5/hour", who=str(number)))
    assert len(limiter._paid_at) == 50


def test_interval_of_a_unit_is_rounded_up() -> None:
    assert policy("100/minute").interval == 600_000
    assert policy("7/minute").interval == 8_571_429  # rounded up: never more than the limit
