"""Parallel guesses in several processes: a budget admits exactly its limit of password checks, without Redis."""

from __future__ import annotations

import os
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from argon2 import PasswordHasher
from flask import Flask
from sqlalchemy import func, select

from storefront.accounts import passwords
from storefront.accounts.models import FailedSignIn
from storefront.extensions import db
from tests.accounts.people import EMAIL, SAME_ORIGIN, make_user
from tests.cache.workers import WorkerPool, worker_pool
from tests.conftest import make_app

PROCESSES, THREADS, EACH = 3, 10, 5


class CountingHasher(PasswordHasher):
    """A quick argon2 hasher that counts its checks."""

    def __init__(self) -> None:
        super().__init__(time_cost=1, memory_cost=8, parallelism=1)
        self.checks = 0
        self._lock = threading.Lock()

    def verify(self, *arguments: Any) -> Any:
        with self._lock:
            self.checks += 1
        return super().verify(*arguments)


class Guesser:
    """A process of the shop, in which many clients try passwords at the same time."""

    def __init__(self, url: str, instance: str, redis_url: str) -> None:
        folder = Path(instance) / str(os.getpid())
        folder.mkdir(parents=True)
        self.app = make_app(url, folder, REDIS_URL=redis_url, STOREFRONT_LIMITS="off")
        self.hasher = CountingHasher()
        passwords._HASHER = self.hasher

    def guess(self, emails: list[str], addresses: list[str]) -> tuple[int, Counter[int]]:
        """Let all threads guess, each at the next e-mail and address; return the checks and the statuses."""
        before = self.hasher.checks

        def run(thread: int) -> list[int]:
            client, statuses = self.app.test_client(), []
            for number in range(thread * EACH, (thread + 1) * EACH):
                form = {"email": emails[number % len(emails)], "password": f"guess number {number}"}
                base = {"REMOTE_ADDR": addresses[number % len(addresses)]}
                status = 503  # the lock of a database that a slow machine did not get in time
                while status == 503:
                    answer = client.post("/account/login", data=form, headers=SAME_ORIGIN, environ_base=base)
                    status = answer.status_code
                statuses.append(status)
            return statuses

        with ThreadPoolExecutor(THREADS) as pool:
            statuses = Counter(status for found in pool.map(run, range(THREADS)) for status in found)
        return self.hasher.checks - before, statuses


@pytest.fixture
def guessers(app: Flask, redis_url: str, tmp_path: Path) -> Any:
    with worker_pool(
        PROCESSES, Guesser, app.config["SQLALCHEMY_DATABASE_URI"], str(tmp_path), redis_url
    ) as pool:
        yield pool


def guess(pool: WorkerPool, emails: list[str], addresses: list[str]) -> tuple[int, Counter[int]]:
    db.session.remove()
    found = pool.call_all("guess", emails, addresses)
    return sum(checks for checks, _ in found), sum((statuses for _, statuses in found), Counter[int]())


@pytest.mark.slow
def test_150_parallel_guesses_get_ten_checks(app: Flask, guessers: WorkerPool) -> None:
    make_user()
    many = [f"203.0.113.{number}" for number in range(50)]
    checks, statuses = guess(guessers, [EMAIL], many)
    assert (checks, set(statuses)) == (10, {422, 429})
    assert statuses[422] <= 10
    db.session.rollback()
    assert db.session.execute(select(func.count(FailedSignIn.id))).scalar_one() == 10
    # The same for an account that does not exist, and across accounts for one address.
    checks, statuses = guess(guessers, ["nobody@example.com"], many)
    assert (checks, set(statuses)) == (10, {422, 429})
    assert statuses[422] <= 10
    checks, statuses = guess(guessers, [f"n{number}@example.com" for number in range(50)], ["192.0.2.1"])
    assert (checks, set(statuses)) == (20, {422, 429})
    assert statuses[422] <= 20
