"""Fixtures of the tests of accounts."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask

from storefront.accounts import passwords
from tests.accounts.people import Browser, make_user, second_app
from tests.redis_roles.servers import Server, server
from tests.shared_work import SHIPPED_HASHER


@pytest.fixture
def browser(app: Flask) -> Browser:
    """A browser without cookies."""
    return Browser(app)


@pytest.fixture
def kim(app: Flask) -> int:
    """The id of an account."""
    return make_user()


@pytest.fixture
def own_redis(tmp_path: Path) -> Iterator[Server]:
    """A Redis of this test's own, which it may stop."""
    with server(tmp_path) as one:
        yield one


@pytest.fixture
def own_app(app: Flask, own_redis: Server, tmp_path: Path) -> Iterator[Flask]:
    """The shop on the same database, with a Redis that the test may stop."""
    with second_app(app, tmp_path / "own", REDIS_URL=own_redis.url) as shop:
        yield shop


@pytest.fixture
def shipped_hashes(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Hash passwords with as much work as a shop does."""
    monkeypatch.setattr(passwords, "_HASHER", SHIPPED_HASHER)
    passwords._unusable_hash.cache_clear()
    yield
    passwords._unusable_hash.cache_clear()
