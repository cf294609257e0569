"""The algorithm: no window admits more than limit + burst, and Lua and Python agree."""

from __future__ import annotations

import random
import time
import uuid
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from redis import Redis

from storefront.limit_policies import POLICIES
from storefront.rate_limiting.fallback import FallbackLimiter
from storefront.rate_limiting.gcra import Hit
from storefront.rate_limiting.limiter import Limiter
from tests.rate_limiting.conftest import ask, forgetful, new_limiter, passes, policy
from tests.selection import effort

SECOND = 1_000_000


def admitted(rate: str, arrivals: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """Return those (moment in microseconds, cost) that pass."""
    buckets = FallbackLimiter(1)
    limit = policy(rate)
    return [(at, cost) for at, cost in arrivals if buckets.hit([Hit(limit, "me", cost)], at).allowed]


def most_in_a_window(passed: Sequence[tuple[int, int]], window: int) -> int:
    return max((sum(c for t, c in passed if at <= t < at + window) for at, _ in passed), default=0)


gaps = (
    st.integers(0, 20 * SECOND) | st.integers(0, 1000) | st.sampled_from([59_999_999, 60_000_000, 60_000_001])
)


@pytest.mark.long
@settings(max_examples=effort(150, 5000), deadline=None)
@given(
    st.tuples(st.integers(1, 40), st.integers(1, 120), st.integers(1, 60)),
    st.lists(st.tuples(gaps, st.integers(1, 5), st.integers(1, 60)), max_size=40),
)
def test_no_window_ever_admits_more_than_limit_and_burst(
    size: tuple[int, int, int], volleys: list[tuple[int, int, int]]
) -> None:
    limit, seconds, burst = size
    arrivals, now = [], SECOND
    for gap, cost, number in volleys:
        now += gap
        arrivals += [(now, min(cost, burst))] * number
    passed = admitted(f"{limit}/{seconds}s+{burst}", arrivals)
    assert most_in_a_window(passed, seconds * SECOND) <= limit + burst


@pytest.mark.parametrize("edge", [0, 1, SECOND, 59 * SECOND, 60 * SECOND - 1])
def test_bursts_around_a_minute_do_not_double_the_limit(edge: int) -> None:
    minute = 600 * SECOND
    passed = admitted("100/minute", [(minute - 1, 1)] * 150 + [(minute + edge, 1)] * 150)
    assert len(passed) == 100 + (edge + 1) * 100 // (60 * SECOND)


def test_60_pages_a_minute_for_an_hour_are_never_refused() -> None:
    browse = next(limit for limit in POLICIES if limit.name == "browse")
    dice = random.Random(5)
    clicks = sorted(dice.uniform(0, 3600) for _ in range(3600))
    buckets = FallbackLimiter(1)
    assert all(buckets.hit([Hit(browse, "me", 1)], int(at * SECOND) + SECOND).allowed for at in clicks)


def test_60_filtered_pages_in_a_minute_are_never_refused() -> None:
    browse = next(limit for limit in POLICIES if limit.name == "browse")
    buckets = FallbackLimiter(1)
    costs = [1] * 20 + [3] * 40  # the costs of the catalogue's lists
    assert all(
        buckets.hit([Hit(browse, "me", cost)], at * SECOND).allowed for at, cost in enumerate(costs, start=1)
    )


def test_refusal_gives_its_wait_to_the_microsecond(limiter: Limiter) -> None:
    buckets = FallbackLimiter(1)
    one = ask("7/minute+2", cost=2)
    assert buckets.hit([one], SECOND).allowed
    wait = buckets.hit([one], SECOND).wait
    assert not buckets.hit([one], SECOND + wait - 1).allowed
    assert buckets.hit([one], SECOND + wait).allowed


@pytest.mark.long
@settings(max_examples=effort(50, 1000), deadline=None)
@given(st.data())
def test_lua_and_python_agree(redis_url: str, data: st.DataObject) -> None:
    prefix = f"agree-{uuid.uuid4().hex}"  # hypothesis calls this again and again within one test
    limiter, buckets = new_limiter(redis_url, prefix), FallbackLimiter(1)
    # A unit returns after an hour: none does during the test.
    limits = [policy(f"{burst}/{burst}hours", name=str(burst)) for burst in (1, 5, 9)]
    for _ in range(data.draw(st.integers(1, 25))):
        chosen = data.draw(
            st.lists(st.sampled_from(limits), min_size=1, max_size=3, unique_by=lambda p: p.name)
        )
        asks = [Hit(one, "me", data.draw(st.integers(1, min(3, one.burst)))) for one in chosen]
        theirs = forgetful(limiter).hit(asks)[0]
        ours = buckets.hit(asks, SECOND)
        assert theirs.allowed == ours.allowed
        assert [x.policy.name for x in theirs.exceeded] == [
            x.policy.name for x in ours.exceeded
        ] or not ours.allowed


def test_real_requests_stay_within_limit_and_burst(limiter: Limiter, redis: Redis, prefix: str) -> None:
    one = ask("20/s")
    taken: list[tuple[float, float]] = []
    ends = time.monotonic() + 3.2
    while time.monotonic() < ends:
        began = time.monotonic()
        if passes(limiter, one):
            taken.append((began, time.monotonic()))
    assert len(taken) >= 20
    for began, _ in taken:  # requests that began after and ended before it are in the server's second, too
        assert sum(begin >= began and end <= began + 1 for begin, end in taken) <= 40


def test_all_limits_of_a_request_are_spent_or_none(limiter: Limiter) -> None:
    wide, narrow = ask("10/hour", name="wide"), ask("2/hour", name="narrow")
    for one in (lambda: limiter, lambda: forgetful(limiter)):
        assert [passes(one(), wide, narrow) for _ in range(5)] == [True, True, False, False, False]
        wide, narrow = wide._replace(client="next"), narrow._replace(client="next")
    for who in ("192.0.2.1", "next"):
        assert [passes(limiter, wide._replace(client=who)) for _ in range(9)] == [True] * 8 + [False]
