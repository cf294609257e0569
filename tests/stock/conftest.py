"""A small shop behind one gevent worker, with a Redis of its own, for tests of live updates."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.processes import Shop
from tests.redis_roles.servers import Server, server
from tests.stock.streams import Stream, small_shop


@pytest.fixture(scope="package")
def redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with server(tmp_path_factory.mktemp("redis")) as one:
        yield one


@pytest.fixture(scope="package")
def shop(redis: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    """A small generated shop behind one gevent worker."""
    # Pages rendered in advance would take memory while a test measures it.
    environ = {"REDIS_URL": redis.url, "STOREFRONT_CACHE_WARM": "0"}
    with small_shop(tmp_path_factory.mktemp("streams"), **environ) as shop:
        yield shop


@pytest.fixture
def stream(shop: Shop) -> Iterator[Any]:
    opened: list[Stream] = []

    def start(*ids: int, **how: Any) -> Stream:
        opened.append(Stream(shop, *ids, **how))
        return opened[-1]

    yield start
    for one in opened:
        one.close()
