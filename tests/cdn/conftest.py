"""A provider, and shops on the test's database that purge it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from flask import Flask

from tests.cache.conftest import another
from tests.cdn.provider_server import SERVICE, TOKEN, Provider, provider

MakeShop = Callable[..., Flask]


@pytest.fixture
def edge() -> Iterator[Provider]:
    with provider() as server:
        yield server


@pytest.fixture
def make_shop(app: Flask, edge: Provider, redis_url: str, tmp_path: Path) -> Iterator[MakeShop]:
    """Make a shop with an edge, by its name, in whose context the test goes on."""
    with ExitStack() as stack:

        def make(name: str = "fastly", *, token: str = TOKEN) -> Flask:
            shop = another(
                app,
                tmp_path / name,
                REDIS_URL=redis_url,
                STOREFRONT_EDGE=name,
                STOREFRONT_EDGE_URL=edge.url,
                STOREFRONT_EDGE_SERVICE=SERVICE,
                STOREFRONT_EDGE_TOKEN=token,
            )
            made = next(shop)
            stack.callback(lambda: next(shop, None))
            return made

        yield make
