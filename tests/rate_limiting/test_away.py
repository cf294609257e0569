"""Without Redis each process admits its share, nobody is unlimited, and Redis is used again when it returns."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from storefront.rate_limiting.limiter import Limiter
from tests.processes import eventually
from tests.rate_limiting.conftest import ask, new_limiter, passes
from tests.redis_roles.servers import Server

PROCESSES = 4


@pytest.fixture
def limiter(own_redis: Server, prefix: str) -> Limiter:
    return new_limiter(own_redis.url, prefix, PROCESSES)


LOSSES: list[Callable[[Server], None]] = [Server.kill, Server.freeze]


@pytest.mark.parametrize("lose", LOSSES, ids=["killed", "frozen"])
def test_process_without_redis_admits_its_share(
    limiter: Limiter, own_redis: Server, lose: Callable[[Server], None]
) -> None:
    lose(own_redis)
    passed = [limiter.hit([ask("100/day")]) for _ in range(60)]
    assert [verdict.allowed for verdict, _ in passed] == [True] * 25 + [False] * 35
    assert {source for _, source in passed} == {"alone"}
    own_redis.thaw() if lose is Server.freeze else None


def test_strict_policies_get_half_of_the_share(limiter: Limiter, own_redis: Server) -> None:
    own_redis.kill()
    assert sum(passes(limiter, ask("100/day", strict=True)) for _ in range(60)) == 12


def test_even_the_smallest_limit_lets_one_pass(limiter: Limiter, own_redis: Server) -> None:
    own_redis.kill()
    assert sum(passes(limiter, ask("2/day", strict=True)) for _ in range(10)) == 1


def test_clients_far_from_their_limit_are_limited_too(limiter: Limiter, own_redis: Server) -> None:
    one = ask("100/day", exact=False)
    assert passes(limiter, one)
    own_redis.kill()
    most = limiter.max_unreported(one.policy) + 100 // PROCESSES
    assert sum(passes(limiter, one) for _ in range(200)) == most


def test_refused_client_stays_refused_without_redis(limiter: Limiter, own_redis: Server) -> None:
    one = ask("3/day")
    assert [passes(limiter, one) for _ in range(4)] == [True, True, True, False]
    own_redis.kill()
    assert not passes(limiter, one)


def test_redis_returns_and_unreported_units_are_sent(
    limiter: Limiter, own_redis: Server, prefix: str
) -> None:
    one = ask("1000/day", exact=False)
    assert passes(limiter, one)
    assert passes(limiter, one)  # here
    own_redis.freeze()
    for _ in range(5):
        limiter.flush()
    assert limiter.hit([ask("1000/day", who="somebody else")])[1] == "alone"
    own_redis.thaw()
    assert eventually(lambda: limiter.hit([ask("1000/day", who="third")])[1] == "redis")
    assert limiter.flush()
    verdict, _ = new_limiter(own_redis.url, prefix).hit([one])
    # A call that timed out may have arrived: units are reported at least once.
    assert 990 <= verdict.states[0].remaining <= 997


def test_emptied_redis_is_filled_again(limiter: Limiter, own_redis: Server) -> None:
    one = ask("5/day")
    assert passes(limiter, one)
    own_redis.client.flushall()
    own_redis.client.script_flush()
    assert sum(passes(limiter, ask("5/day", who="new")) for _ in range(9)) == 5


@pytest.mark.parametrize("command", ["eval", "evalsha"])
def test_a_redis_that_forbids_scripts_does_not_stop_the_shop(
    limiter: Limiter, own_redis: Server, command: str
) -> None:
    own_redis.client.execute_command("ACL", "SETUSER", "default", f"-{command}", "-eval", "-evalsha")
    assert sum(passes(limiter, ask("100/day")) for _ in range(60)) == 25


def test_full_redis_does_not_stop_the_shop(limiter: Limiter, own_redis: Server) -> None:
    own_redis.client.config_set("maxmemory", "1")
    assert sum(passes(limiter, ask("100/day")) for _ in range(60)) == 25
