"""A small deployed shop: two gunicorns in production mode behind nginx, one Redis, one database."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass

import pytest

from tests.deploy.front import Front, nginx
from tests.processes import Shop, filled, gunicorn, served
from tests.redis_roles.servers import Server, server


@dataclass
class Deployed:
    """The shop behind nginx."""

    front: Front
    shops: list[Shop]
    redis: Server
    products: list[str]  # addresses
    skus: dict[str, str]  # of the first variant of each product, by address


@pytest.fixture(scope="module")
def deployed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployed]:
    folder = tmp_path_factory.mktemp("deployed")
    with ExitStack() as stack:
        redis = stack.enter_context(server(folder))
        settings = {
            "STOREFRONT_ENV": "production",
            "SECRET_KEY": "only for tests, and long enough for it",
            "TRUSTED_HOSTS": "shop.example,127.0.0.1",
            "TRUSTED_PROXIES": "1",
            "DATABASE_URL": f"sqlite:///{folder / 'shop.sqlite3'}",
            "REDIS_URL": redis.url,
            "STOREFRONT_LIMIT_DENY": "203.0.113.0/24,127.0.0.9",
            "STOREFRONT_CACHE_TTL_PRODUCT_LIST": "3",
        }
        skus = filled(folder / "first", 60, **settings)
        shops = [
            stack.enter_context(served(folder / name, *gunicorn(1), **settings))
            for name in ("first", "second")
        ]
        front = stack.enter_context(nginx(folder, *(int(shop.url.rpartition(":")[2]) for shop in shops)))
        yield Deployed(front, shops, redis, list(skus), skus)


@pytest.fixture(scope="module")
def front(deployed: Deployed) -> Front:
    return deployed.front
