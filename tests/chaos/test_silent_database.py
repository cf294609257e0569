"""A database that does not answer and does not refuse: frozen, or behind a network that swallows packets."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from urllib.parse import parse_qs, urlsplit

import psutil
import pytest

from tests.chaos.conftest import Pair
from tests.chaos.fault_proxy import Link, link
from tests.chaos.shoppers import Ask, plain
from tests.processes import eventually, gunicorn, served

pytestmark = [pytest.mark.slow, pytest.mark.root, pytest.mark.needs("nginx", "openssl")]

PLACES = 20  # requests at once: more than the pool has places
PATIENCE = 15.0  # seconds: nobody waits longer, whatever the load of this machine


@dataclass
class Silenced:
    ask: Ask
    links: Sequence[Link]
    pair: Pair
    cookie: str


@pytest.fixture(scope="module")
def shop(pair: Pair, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Silenced]:
    """A worker whose DATABASE_URL names two ways to the database; a basket is filled, one page is cached."""
    place = parse_qs(urlsplit(pair.database.get_uri()).query)["host"][0]
    with ExitStack() as stack:
        links = [stack.enter_context(link(f"{place}/.s.PGSQL.5432")) for _ in range(2)]
        hosts = ",".join(f"127.0.0.1:{one.port}" for one in links)
        environ = pair.shops[0].environ | {"DATABASE_URL": f"postgresql://postgres@{hosts}/postgres"}
        wanted = {name: environ[name] for name in environ if name not in ("PORT", "STOREFRONT_INSTANCE_DIR")}
        found = stack.enter_context(
            served(tmp_path_factory.mktemp("silent") / "shop", *gunicorn(1), **wanted)
        )
        ask = plain(found)
        yield Silenced(ask, links, pair, filled_basket(ask, pair.products.values()))


def filled_basket(ask: Ask, skus: Iterable[str]) -> str:
    """Put the first of these that is not sold out into a basket; return its cookie."""
    assert ask("/products").status == 200
    headers = {"Content_Type": "application/x-www-form-urlencoded", "Sec_Fetch_Site": "same-origin"}
    for sku in skus:
        answer = ask("/cart/lines", method="POST", body=f"sku={sku}&quantity=1".encode(), **headers)
        if answer.status == 303:
            found = re.search(r"(?:__Host-)?cart[\w-]*=[^;]+", answer.headers["set-cookie"])
            assert found
            return found[0]
    raise AssertionError("everything is sold out")


@contextmanager
def frozen(pair: Pair) -> Iterator[None]:
    """Stop all processes of the database, as a hypervisor or a full disk does, and let them go on at the end."""
    main = psutil.Process(pair.database.get_pid())
    stopped = list[psutil.Process]()
    main.suspend()  # from now on it starts no other
    try:
        stopped = main.children(recursive=True)
        for one in stopped:
            with suppress(psutil.NoSuchProcess):  # its connection was just closed
                one.suspend()
        yield
    finally:
        for one in (*stopped, main):
            with suppress(psutil.NoSuchProcess):  # it had been told to end
                one.resume()


def statuses(shop: Silenced, path: str) -> list[int]:
    """Request many uncached pages at once; each must have an answer."""
    with ThreadPoolExecutor(PLACES) as pool:
        answers = pool.map(
            lambda n: shop.ask(path.format(n), Cookie=shop.cookie).status, range(PLACES), timeout=PATIENCE
        )
        return list(answers)


def check_what_needs_no_database(shop: Silenced) -> None:
    assert shop.ask("/products").headers["cache-status"].count("hit") == 1
    assert shop.ask("/healthz").status == 200
    assert shop.ask("/readyz").status == 503


def is_well(shop: Silenced) -> bool:
    return shop.ask("/cart", Cookie=shop.cookie).status == shop.ask("/readyz").status == 200


def test_a_frozen_database_holds_up_nobody(shop: Silenced) -> None:
    assert set(statuses(shop, "/cart")) == {200}, "the pool is full of connections"
    with frozen(shop.pair):
        assert set(statuses(shop, "/cart")) == {503}
        assert set(statuses(shop, "/products?q=unseen{}")) == {503}
        check_what_needs_no_database(shop)
    assert eventually(lambda: is_well(shop))


def test_lost_packets_hold_up_nobody_and_the_primary_is_found(shop: Silenced) -> None:
    assert eventually(lambda: is_well(shop))
    first, second = shop.links
    first.mode = second.mode = "cut"
    try:
        assert set(statuses(shop, "/cart")) == {503}
        check_what_needs_no_database(shop)
        second.mode = "whole"
        assert eventually(lambda: is_well(shop), seconds=10), (
            "the second server of DATABASE_URL is the primary now"
        )
        assert set(statuses(shop, "/cart")) == {200}
    finally:
        first.mode = second.mode = "whole"
