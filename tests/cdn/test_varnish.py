"""A real Varnish in front of a served shop: what it keeps, who may purge, and that each commit purges it."""

from __future__ import annotations

import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from email.message import Message

import pytest

from tests.cdn.varnish import TOKEN, Varnish, varnish
from tests.processes import Shop, eventually, filled, free_port, gunicorn, served

pytestmark = [pytest.mark.slow, pytest.mark.needs("varnishd")]


@dataclass
class Edged:
    """A served shop with two workers behind Varnish, and the SKU of a variant of each page."""

    edge: Varnish
    shop: Shop
    skus: dict[str, str]

    def set_stock(self, path: str, number: int) -> None:
        ran = self.shop.flask("stock", "set", self.skus[path], str(number), "--reason", "test")
        assert ran.returncode == 0, ran.stderr

    def keep(self, path: str) -> None:
        """Have this page at the edge: what a worker still answers just after a change, no edge may keep."""
        assert eventually(lambda: "varnish; hit" in self.edge.get(path)[2]["Cache-Status"])

    def purge(self, **headers: str) -> int:
        return self.edge.get("/", "PURGE", **headers)[0]


@pytest.fixture(scope="module")
def edged(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Edged]:
    folder, port = tmp_path_factory.mktemp("edged"), free_port()
    settings = {
        "STOREFRONT_EDGE": "varnish",
        "STOREFRONT_EDGE_URL": f"http://127.0.0.1:{port}",
        "STOREFRONT_EDGE_TOKEN": TOKEN,
        "STOREFRONT_LIMITS": "off",
    }
    with ExitStack() as stack:
        skus = filled(folder / "shop", 30, **settings)
        shop = stack.enter_context(served(folder / "shop", *gunicorn(2), **settings))
        edge = stack.enter_context(varnish(folder, int(shop.url.rpartition(":")[2]), port))
        yield Edged(edge, shop, skus)


def test_a_page_stays_at_the_edge_for_a_day(edged: Edged) -> None:
    path = next(iter(edged.skus))
    assert edged.edge.get(path)[0] == 200
    status, _, headers = edged.edge.get(path, Cookie="session=somebody")
    assert (status, "varnish; hit" in headers["Cache-Status"]) == (200, True)
    assert headers["Cache-Control"] == "public, max-age=0, must-revalidate"
    hidden = {"Surrogate-Control", "xkey", "RateLimit", "X-RateLimit-Remaining", "X-Varnish"}
    assert not hidden & set(headers), "they are for the edge, or for one visitor"

    def fields() -> Message:
        return urllib.request.urlopen(edged.shop.url + path, timeout=20).headers

    # A worker that has just heard of a change answers with the old page once, which no edge may keep.
    assert eventually(lambda: fields()["Surrogate-Control"] == "max-age=86400, stale-if-error=86400")
    plain = fields()
    assert plain["X-Accel-Expires"] == "0"
    assert "everything" in plain["xkey"].split()


@pytest.mark.parametrize("path", ["/cart", "/me", "/account/login", "/healthz"])
def test_private_pages_are_never_kept(edged: Edged, path: str) -> None:
    for _ in range(2):
        assert "varnish; hit" not in edged.edge.get(path)[2].get("Cache-Status", "")


def test_a_commit_purges_the_page_at_the_edge(edged: Edged) -> None:
    path = list(edged.skus)[1]
    edged.set_stock(path, 5)
    edged.keep(path)
    for number in (0, 7):
        old = edged.edge.get(path)[1]
        edged.set_stock(path, number)
        assert eventually(lambda old=old: edged.edge.get(path)[1] != old)


def test_only_the_token_purges(edged: Edged) -> None:
    path = list(edged.skus)[2]
    edged.keep(path)
    for headers in ({}, {"X-Purge-Token": ""}, {"X-Purge-Token": "guessed"}, {"X-Purge-Token": TOKEN + "x"}):
        assert edged.purge(**{"xkey-purge": "everything", **headers}) == 403
        assert "varnish; hit" in edged.edge.get(path)[2]["Cache-Status"]
    assert edged.purge(**{"xkey-purge": "everything", "X-Purge-Token": TOKEN}) == 200
    assert "varnish; fwd=miss" in edged.edge.get(path)[2]["Cache-Status"]


def test_a_soft_purge_shows_the_old_page_once_more(edged: Edged) -> None:
    path, token = list(edged.skus)[3], {"X-Purge-Token": TOKEN}
    edged.keep(path)
    assert edged.purge(**{"xkey-softpurge": "everything"}, **token) == 200
    assert "varnish; hit" in edged.edge.get(path)[2]["Cache-Status"], "while the new one is fetched"
    # Another page: the fetch of the first one may still be under way, and enter the edge after the purge.
    other = list(edged.skus)[-1]
    edged.keep(other)
    assert edged.purge(**{"xkey-purge": "everything"}, **token) == 200
    assert "varnish; fwd=miss" in edged.edge.get(other)[2]["Cache-Status"], (
        "nobody sees a page of a hard purge"
    )


def test_the_edge_answers_while_the_shop_is_away(edged: Edged, request: pytest.FixtureRequest) -> None:
    path, other = list(edged.skus)[4:6]
    edged.keep(path)
    assert edged.purge(**{"xkey-softpurge": "everything", "X-Purge-Token": TOKEN}) == 200
    request.addfinalizer(edged.shop.restart)
    edged.shop.interrupt()
    for _ in range(2):
        assert edged.edge.get(path)[0] == 200
    assert edged.edge.get(other)[0] == 503
