"""A shop in a process of its own; and a proxy that holds back published messages only."""

from __future__ import annotations

import socket
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Any

from flask.testing import FlaskClient
from sqlalchemy import select

from storefront import cache
from storefront.cache.state import cache_state
from storefront.cache.store import CacheStore
from storefront.catalog.list_index import writer
from storefront.catalog.models import Category, Product, Variant
from storefront.extensions import db, write_transaction
from tests.cache.conftest import get
from tests.conftest import make_app
from tests.processes import eventually
from tests.redis_roles.servers import Proxy

PAGES = (
    "/",
    "/products",
    "/products?sort=price",
    "/categories/cups",
    "/products/mug",
    "/products/mug?variant=MUG-1",
)


class ShopProcess:
    """The shop in one process of several: same database, same Redis, same prefix."""

    def __init__(self, database_url: str, redis_url: str, prefix: str) -> None:
        instance = Path(tempfile.mkdtemp())
        environ = {"REDIS_URL": redis_url, "STOREFRONT_CACHE_PREFIX": prefix, "STOREFRONT_LIMITS": "off"}
        self.app = make_app(database_url, instance, **environ)
        self.client = self.app.test_client()
        self.store: CacheStore = cache_state.get(self.app).store
        cache.start(self.app)
        assert eventually(self.receives_invalidations)

    def page(self, address: str) -> tuple[str, str]:
        """Return a page's text, and where it came from: "L1", "L2", "stale", "local", or "" if it was built."""
        response = self.client.get(address)
        assert response.status_code == 200, response.status
        return response.text, detail(response)

    def price(self, product_id: int, price: int) -> None:
        with self.app.app_context():
            set_price(product_id, price)

    def receives_invalidations(self) -> bool:
        """Return whether this process receives invalidations, and so uses L1."""
        return self.store.receives_invalidations()


class DeafProxy(Proxy):
    """Holds back messages to subscribers only: a subscription is silently dead while all else works."""

    def __init__(self, port: int) -> None:
        self._subscribers: set[int] = set()
        super().__init__(port)

    def _pass(self, source: socket.socket, sink: socket.socket, answers: bool) -> None:
        with suppress(OSError):
            while data := source.recv(65536):
                if answers and sink.fileno() in self._subscribers:
                    self.hold.wait()
                elif not answers and b"SUBSCRIBE" in data:
                    self._subscribers.add(source.fileno())
                sink.sendall(data)
        with suppress(OSError):
            sink.shutdown(socket.SHUT_RDWR)


def set_price(product_id: int, price: int) -> None:
    """Change the price of a product that has one variant, as the back office does."""
    with write_transaction() as session:
        wanted = select(Variant).where(Variant.product_id == product_id)
        session.execute(wanted).scalars().one().price = price
        writer.refresh(session, [product_id])


def edit_product(product_id: int, **values: object) -> None:
    with write_transaction() as session:
        product = session.get_one(Product, product_id)
        for name, value in values.items():
            setattr(product, name, value)
        writer.refresh(session, [product_id])


def get_category(path: str) -> Category:
    return db.session.execute(select(Category).where(Category.path == path)).scalar_one()


def detail(response: Any) -> str:
    """Return where a page came from: "L1", "L2", "stale", "local", or "" if it was built for this request."""
    return str(response.headers["Cache-Status"]).partition("detail=")[2]


def assert_all_pages_show(client: FlaskClient, price: str) -> None:
    """Request all of `PAGES` (of one mug in "Cups"); each must show this price."""
    for address in PAGES:
        response = get(client, address)
        assert response.status_code == 200, address
        assert price in response.text, f"{address} ({response.headers['Cache-Status']})"
