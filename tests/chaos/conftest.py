"""Shops whose parts the tests break."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import pytest

from tests.chaos.disk import disk
from tests.chaos.fault_proxy import Link, link
from tests.chaos.shoppers import Merchant, merchant
from tests.deploy.front import Front, nginx
from tests.postgresql import postgresql
from tests.processes import Shop, filled, gunicorn, served
from tests.redis_roles.servers import Server, server

UNLIMITED = {"STOREFRONT_LIMIT_CART": "100000/minute", "STOREFRONT_LIMIT_BROWSE": "100000/minute"}
# Ends the URL of a SQLite database. Other tests may keep the disk busy, and these are about other faults.
PATIENCE = "?timeout=60"


@dataclass
class World:
    shop: Shop
    redis: Server
    link: Link
    merchant: Merchant
    products: dict[str, str]


@pytest.fixture(scope="package")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Two workers on SQLite with a small disk of its own; a proxy stands before their Redis."""
    folder = tmp_path_factory.mktemp("chaos")
    with ExitStack() as stack:
        redis = stack.enter_context(server(folder))
        between = stack.enter_context(link(redis.port))
        database = stack.enter_context(disk(folder / "disk")) / "shop.sqlite3"
        settings = {
            "DATABASE_URL": f"sqlite:///{database}{PATIENCE}",
            "REDIS_URL": between.url,
            **UNLIMITED,
        }
        products = filled(folder / "instance", 60, **settings)
        shop = stack.enter_context(served(folder / "instance", *gunicorn(2), **settings))
        seller = stack.enter_context(
            merchant(settings["DATABASE_URL"], folder, next(iter(products)), REDIS_URL=between.url)
        )
        yield World(shop, redis, between, seller, products)


@dataclass
class Pair:
    front: Front
    shops: list[Shop]
    database: Any
    merchant: Merchant
    products: dict[str, str]


@pytest.fixture(scope="package")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    """Two gunicorns with one worker each on PostgreSQL, behind nginx."""
    folder = tmp_path_factory.mktemp("pair")
    with ExitStack() as stack:
        database = stack.enter_context(postgresql())
        redis = stack.enter_context(server(folder))
        settings = {
            "DATABASE_URL": database.get_uri(),
            "REDIS_URL": redis.url,
            "STOREFRONT_ENV": "production",
            "SECRET_KEY": "only for tests, and long enough for it",
            "TRUSTED_HOSTS": "shop.example,127.0.0.1",
            "TRUSTED_PROXIES": "1",
            **UNLIMITED,
        }
        products = filled(folder / "first", 60, **settings)
        shops = [
            stack.enter_context(served(folder / name, *gunicorn(1), **settings))
            for name in ("first", "second")
        ]
        front = stack.enter_context(nginx(folder, *(int(shop.url.rpartition(":")[2]) for shop in shops)))
        seller = stack.enter_context(
            merchant(settings["DATABASE_URL"], folder, next(iter(products)), REDIS_URL=redis.url)
        )
        yield Pair(front, shops, database, seller, products)
