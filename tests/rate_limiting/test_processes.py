"""Several processes and one client: exactly the limit in exact mode, a bounded excess in approximate mode."""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from storefront.rate_limiting.limiter import Limiter, monotonic_microseconds
from storefront.redis_roles import clients
from tests.cache.workers import WorkerPool, worker_pool
from tests.rate_limiting.conftest import ask, new_limiter, passes

PROCESSES = 5
DAY = 86_400 * 1_000_000  # microseconds
THREADS = 10


class Worker:
    """A process whose limiter serves one client in many threads. Its clock is days ahead of the others.

    On a busy machine it would give up a healthy Redis, and admit requests by itself.
    """

    def __init__(self, redis_url: str, prefix: str) -> None:
        clients.TIMEOUT = 10.0
        ahead = os.getpid() % 97 * DAY
        self.limiter: Limiter = new_limiter(
            redis_url, prefix, PROCESSES, clock=lambda: monotonic_microseconds() + ahead
        )

    def hammer(self, rate: str, who: str, exact: bool, requests: int) -> int:
        """Send so many requests from each thread; return how many passed."""
        one = ask(rate, who=who, exact=exact)

        def run(_: int) -> int:
            return sum(passes(self.limiter, one) for _ in range(requests))

        with ThreadPoolExecutor(THREADS) as pool:
            return sum(pool.map(run, range(THREADS)))

    def settle(self) -> None:
        self.limiter.flush()


@pytest.fixture(scope="module")
def workers(redis_url: str) -> Iterator[WorkerPool]:
    with worker_pool(PROCESSES, Worker, redis_url, "test-processes") as members:
        yield members


@pytest.mark.parametrize("limit", [50, 137])
def test_50_parallel_clients_get_exactly_the_limit(workers: WorkerPool, limit: int) -> None:
    rate = f"{limit}/7 days"  # no unit returns during the test
    assert sum(workers.call_all("hammer", rate, f"exact-{limit}", True, 40)) == limit


@pytest.mark.parametrize("limit", [100, 2000])
def test_approximate_mode_admits_at_most_a_tenth_more(workers: WorkerPool, limit: int) -> None:
    rate, who = f"{limit}/7 days", f"approximate-{limit}"
    passed = 0
    for _ in range(4):
        passed += sum(workers.call_all("hammer", rate, who, False, limit // 10))
        workers.call_all("settle")
    assert limit <= passed <= limit + limit // 10


def test_units_over_the_limit_become_a_debt(workers: WorkerPool, redis_url: str) -> None:
    workers.call_all("hammer", "100/7 days", "debtor", False, 30)
    workers.call_all("settle")
    verdict, _ = new_limiter(redis_url, "test-processes", PROCESSES).hit([ask("100/7 days", who="debtor")])
    assert not verdict.allowed
