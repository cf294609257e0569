"""The closed shop: strangers get a kind page with 503, staff the shop; nothing is cached meanwhile."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask

from storefront import moments
from storefront.cache import page_renderer
from storefront.cache.page_renderer import PageAddress
from storefront.cache.store import CacheStore
from storefront.content import page_edits
from storefront.content.page_edits import PageValues
from storefront.extensions import db, write_transaction
from storefront.shop_settings import closed_shop, stored_settings
from tests.accounts.people import Browser, staff_browser
from tests.cache.conftest import listen, own_redis
from tests.factories import make_product

__all__ = ["own_redis"]
pytestmark = pytest.mark.any_database

SHOP = ("/", "/products", "/products/mug", "/products/none", "/cart", "/checkout", "/nowhere", "/sitemap.xml")
OPEN = (
    "/healthz",
    "/readyz",
    "/robots.txt",
    "/account/login",
    "/me",
    "/favicon.ico",
    "/orders",
    "/pages/imprint",
)
SENTENCE = "We’re closed at the moment"


@pytest.fixture
def listening(app: Flask) -> Iterator[CacheStore]:
    """The shop's cache with both levels in use."""
    yield from listen(app)


@pytest.fixture
def closed(app: Flask, listening: CacheStore) -> Browser:
    """A stranger in a shop that was open, was visited, and is closed now."""
    make_product("Mug")
    with write_transaction() as session:
        page_edits.create(session, PageValues("Imprint", published_at=moments.now()))
    stranger = Browser(app)
    stranger.get("/api/v1/products")
    assert all(SENTENCE not in stranger.get(address).text for address in SHOP for _ in range(2))
    store(closed="on")
    return stranger


def store(**values: str) -> None:
    for name, value in values.items():
        stored_settings.set_value(name, value)
    db.session.rollback()


def test_strangers_get_a_kind_page_and_no_copy(closed: Browser) -> None:
    for address in SHOP:
        answer = closed.get(address)
        assert answer.status_code == 503, address
        assert SENTENCE in answer.text
        assert "no-store" in answer.headers["Cache-Control"]
        assert "Retry-After" not in answer.headers
    assert closed.post("/cart/lines", sku="X", quantity="1").status_code == 503
    store(closed_text="We move.\nSee <you>!")
    assert '<p dir="auto">We move.</p><p dir="auto">See &lt;you&gt;!</p>' in closed.get("/").text


def test_what_does_not_belong_to_the_shop_goes_on(app: Flask, closed: Browser) -> None:
    for address in OPEN:
        assert closed.get(address).status_code == 200, address
    assert closed.get("/admin").status_code == 303
    assert closed.client.post("/payments/stripe/events").status_code != 503
    parts = {rule.rule.split("/")[1] for rule in app.url_map.iter_rules()}
    assert parts >= closed_shop.OPEN_PARTS


def test_a_worker_that_keeps_no_copies_closes_at_once(app: Flask) -> None:
    make_product("Mug")
    stranger = Browser(app)
    assert [_status(stranger, "/products/mug") for _ in range(2)] == ["fwd=miss", "hit"]
    store(closed="on")
    staff = staff_browser(app, "viewer")
    assert [stranger.get("/products/mug").status_code for _ in range(2)] == [503, 503]
    assert staff.get("/products/mug").headers["Cache-Control"] == "private, no-store"
    store(closed="off")
    # Stored at once: the requests to the closed shop have given up their builds.
    assert stranger.get("/products/mug").headers["Cache-Status"].startswith("storefront; fwd=miss; stored")
    assert _status(stranger, "/products/mug") == "hit"


def test_whatever_the_cache_keeps_depends_on_the_settings(app: Flask) -> None:
    make_product("Mug")
    browser = Browser(app)
    kept = [address for address in (*SHOP, "/products/mug/", "/sitemap-1.xml") if _status(browser, address)]
    assert len(kept) > 5
    for address in kept:
        answer = browser.get(address)
        assert answer.headers["Cache-Status"].startswith("storefront; hit"), address
        assert "settings" in answer.headers["Surrogate-Key"].split(), address


def _status(browser: Browser, address: str) -> str:
    """How the cache answered: a hit, or why not; empty if the page is not cached."""
    return browser.get(address).headers.get("Cache-Status", "; ").split("; ")[1]


def test_the_api_answers_with_a_problem(closed: Browser) -> None:
    answer = closed.get("/api/v1/products")
    assert (answer.status_code, answer.mimetype) == (503, "application/problem+json")
    assert answer.get_json()["status"] == 503


def test_staff_see_the_shop_and_leave_no_copy(app: Flask, closed: Browser) -> None:
    staff = staff_browser(app, "viewer")
    for address in ("/", "/products/mug", "/cart"):
        assert not page_renderer.render_missing(app, PageAddress.of_url(app, address)), (
            "nor does the cache itself"
        )
        for _ in range(2):
            page = staff.get(address)
            assert page.status_code == 200, address
            assert "Only staff who are signed in see it" in page.text
            assert page.headers["Cache-Control"] == "private, no-store"
        assert closed.get(address).status_code == 503
    assert "Only staff who are signed in see it" in staff.get("/nowhere").text
    assert "only staff see it" in staff.get("/admin").text
    assert Browser(app).sign_in("nobody@shop.example").status_code != 503
    store(closed="off")
    for address in ("/", "/products/mug", "/nowhere"):
        assert "Only staff" not in closed.get(address).text
        assert "Only staff" not in staff.get(address).text


def test_the_shop_opens_by_itself(closed: Browser, app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    opening = (datetime.now(UTC) + timedelta(minutes=5)).replace(second=0, microsecond=0)
    store(timezone="America/New_York")
    with app.test_request_context("/"):
        typed = moments.minute_value(opening)
    store(reopens_at=typed)
    answer = closed.get("/")
    assert answer.status_code == 503
    assert 200 <= int(answer.headers["Retry-After"]) <= 300
    assert "We open again on" in answer.text
    assert int(closed.get("/api/v1/products").headers["Retry-After"]) <= 300
    monkeypatch.setattr(closed_shop.moments, "now", lambda: opening)
    assert closed.get("/").status_code == 200
    assert "only staff" not in staff_browser(app, "viewer").get("/admin").text
