"""Shoppers who use a shop during a fault, and a merchant who changes a price meanwhile."""

from __future__ import annotations

import http.client
import itertools
import math
import re
import time
import urllib.parse
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

from flask import Flask
from sqlalchemy import select

from storefront.catalog.list_index import writer
from storefront.catalog.models import Product, Variant
from storefront.extensions import db, write_transaction
from tests.chaos.load import Loops
from tests.conftest import make_app
from tests.deploy.front import Answer
from tests.processes import Shop, eventually

PAUSE = 0.05  # seconds that a shopper looks at a page; without it they would only slow the faults down
OLDEST = 12.0  # seconds: a process serves its own copies for ten while Redis is unavailable
Ask = Callable[..., Answer]


def plain(shop: Shop) -> Ask:
    """Return a function that requests pages over HTTP like `Front.get`, each on a new connection."""
    address = urlsplit(shop.url)

    def ask(path: str, *, method: str = "GET", body: bytes | None = None, **headers: str) -> Answer:
        connection = http.client.HTTPConnection("127.0.0.1", address.port, timeout=30)
        try:
            connection.request(
                method, path, body, {name.replace("_", "-"): text for name, text in headers.items()}
            )
            response = connection.getresponse()
            found = {name.lower(): value for name, value in response.getheaders()}
            cookies = [value for name, value in response.getheaders() if name.lower() == "set-cookie"]
            return Answer(response.status, found | {"set-cookie": ", ".join(cookies)}, response.read())
        finally:
            connection.close()

    return ask


class Merchant:
    """Sets the price of one product and knows which prices pages may show at any moment."""

    def __init__(self, app: Flask, address: str) -> None:
        self.app = app
        self.address = address
        self._prices: list[tuple[float, str]] = [(0.0, "")]  # since when, and as it is written

    def reprice(self) -> str:
        """Commit another price and return it in the format of pages."""
        cents = 100_000 + len(self._prices)
        shown = f"${cents / 100:,.2f}"
        # A page may show it before this process returns from its commit.
        self._prices.append((math.inf, shown))
        with self.app.app_context():
            with write_transaction() as session:
                product = session.execute(
                    select(Product).where(Product.slug == self.address.rpartition("/")[2])
                )
                wanted = product.scalar_one().id
                for variant in session.execute(select(Variant).where(Variant.product_id == wanted)).scalars():
                    variant.price = cents
                writer.refresh(session, [wanted])
            db.session.remove()
        self._prices[-1] = (time.monotonic(), shown)
        return shown

    def wrong(self, answer: Answer, asked: float) -> str | None:
        """Return the error in the price of a product page that was requested at this moment, or an empty text."""
        seen = re.search(r"\$1,0\d\d\.\d\d", answer.body.decode())
        current = [price for since, price in self._prices if since < asked - OLDEST][-1:]
        possible = [price for _, price in self._prices[self._prices.index(self._find(current)) :]]
        shown = seen[0] if seen else ""
        return None if shown in possible else f"{shown or 'no price'}, not one of {possible}"

    def _find(self, current: Sequence[str]) -> tuple[float, str]:
        return next(one for one in self._prices if not current or one[1] == current[0])


class Shoppers(Loops):
    """Threads that request pages and fill baskets until they are stopped."""

    def __init__(self, ask: Ask, merchant: Merchant, products: dict[str, str], *, number: int = 4) -> None:
        self.pages = 0
        self.failed: list[str] = []  # pages
        self.wrong: list[str] = []
        self.refused: Counter[str] = Counter()  # baskets: refusals by status
        self.added: Counter[int] = Counter()  # by shopper: acknowledged items
        # By shopper: items that may have been written without an acknowledgement.
        self.doubtful: Counter[int] = Counter()
        self.cookies: dict[int, str] = {}
        self._ask, self._merchant = ask, merchant
        self._products = products
        super().__init__(partial(self._shop, which) for which in range(number))

    def pass_by(self, pages: int) -> None:
        """Wait until so many more pages were requested."""
        target = self.pages + pages
        assert eventually(lambda: self.pages >= target, seconds=60)

    def check_baskets(self) -> None:
        """Assert that each basket holds every acknowledged item and no item that was not requested."""
        for which, cookie in self.cookies.items():
            held = re.search(rb'"cart_quantity": ?(\d+)', self._ask("/me", Cookie=cookie).body)
            assert held, "a basket cannot be read"
            acknowledged, most = self.added[which], self.added[which] + self.doubtful[which]
            assert acknowledged <= int(held[1]) <= most, f"{acknowledged} were put in, {held[1]!r} are there"

    @property
    def puts(self) -> int:
        """Return the number of acknowledged items."""
        return self.added.total()

    def _shop(self, which: int) -> None:
        skus = list(self._products.values())
        pages = ["/", "/products", "/products?sort=price", *list(self._products)[:6]]
        for step in itertools.count(which):
            if self._done.wait(PAUSE):
                return
            self._look(self._merchant.address if step % 2 else pages[step % len(pages)])
            if step % 4 == 0:
                self._put(which, skus[step % len(skus)])

    def _look(self, path: str) -> None:
        asked = time.monotonic()
        try:
            answer = self._ask(path)
        except OSError as error:
            self.failed.append(f"{path}: {error!r}")
        except http.client.HTTPException as error:
            self.failed.append(f"{path}: {error!r}")
        else:
            if answer.status != 200:
                self.failed.append(f"{path}: {answer.status}")
            elif path == self._merchant.address and (problem := self._merchant.wrong(answer, asked)):
                self.wrong.append(f"{path}: {problem}")
        self.pages += 1

    def _put(self, which: int, sku: str) -> None:
        form = urllib.parse.urlencode({"sku": sku, "quantity": 1}).encode()
        headers = {"Content_Type": "application/x-www-form-urlencoded", "Cookie": self.cookies.get(which, "")}
        headers["Sec_Fetch_Site"] = "same-origin"
        try:
            answer = self._ask("/cart/lines", method="POST", body=form, **headers)
        except (OSError, http.client.HTTPException) as error:
            self.refused[type(error).__name__] += 1
            self.doubtful[which] += 1
            return
        if answer.status == 303:
            self.added[which] += 1
            if found := re.search(r"((?:__Host-)?cart[\w-]*=[^;]+)", answer.headers.get("set-cookie", "")):
                self.cookies[which] = found[1]
        elif answer.status != 422:  # sold out
            self.refused[str(answer.status)] += 1
            self.doubtful[which] += answer.status != 429


@contextmanager
def merchant(database_url: str, folder: Path, address: str, **environ: str) -> Iterator[Merchant]:
    """Provide a merchant who shares database, Redis and prefix with the serving processes."""
    app = make_app(database_url, folder, **{"STOREFRONT_CACHE_PREFIX": "shop", **environ})
    one = Merchant(app, address)
    try:
        one.reprice()
        yield one
    finally:
        with app.app_context():
            db.engine.dispose()


def all_show(ask: Ask, path: str, text: str, *, times: int = 12) -> bool:
    """Return whether so many answers in a row show this text, from any workers."""
    return all(text in ask(path).body.decode() for _ in range(times))
