"""Limiters on a real Redis, and shops with limits of their own."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from redis import Redis

from storefront import redis_roles
from storefront.rate_limiting.gcra import Hit
from storefront.rate_limiting.limiter import Limiter
from storefront.rate_limiting.policies import Policy, parse_rate
from tests.conftest import make_app
from tests.redis_roles.servers import Server, server

MakeLimiter = Callable[..., Limiter]
MakeShop = Callable[..., Flask]


def policy(text: str, name: str = "trial", **about: Any) -> Policy:
    found = parse_rate(text)
    assert found
    return Policy(name, *found, **about)


def ask(text: str, who: str = "192.0.2.1", cost: int = 1, **about: Any) -> Hit:
    return Hit(policy(text, **about), who, cost)


def passes(limiter: Limiter, *asks: Hit) -> bool:
    return limiter.hit(asks)[0].allowed


def new_limiter(redis_url: str, prefix: str, processes: int = 1, **about: Any) -> Limiter:
    app = Flask("limits")
    app.config["REDIS_URL"] = redis_url
    redis_roles.init_app(app)
    return Limiter(redis_roles.role_clients.get(app), prefix, processes, **about)


def forgetful(limiter: Limiter) -> Limiter:
    """Return the limiter of another process of the same shop, which remembers no client."""
    return Limiter(limiter._roles, limiter._prefix.removeprefix("{").removesuffix(":limit}"), 1)


@pytest.fixture
def prefix() -> str:
    return f"test-{uuid.uuid4().hex}"


@pytest.fixture
def limiter(redis_url: str, prefix: str) -> Limiter:
    """The limiter of one process."""
    return new_limiter(redis_url, prefix)


@pytest.fixture
def redis(redis_url: str) -> Redis:
    return Redis.from_url(redis_url, decode_responses=True)


@pytest.fixture
def own_redis(tmp_path: Path) -> Iterator[Server]:
    """A Redis that nobody else uses."""
    with server(tmp_path) as one:
        yield one


@pytest.fixture
def shop(redis_url: str, tmp_path: Path) -> MakeShop:
    """Create shops without a database: their URLs are not found, which costs as much as a page."""

    def make(**environ: str) -> Flask:
        folder = tmp_path / uuid.uuid4().hex
        folder.mkdir()
        return make_app(f"sqlite:///{folder / 'shop.sqlite3'}", folder, **{"REDIS_URL": redis_url, **environ})

    return make
