"""Renewal in the background: nobody waits for the build of a page whose old copy may be shown."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask, abort, request
from flask.testing import FlaskClient
from redis import Redis
from sqlalchemy import text

from storefront import cache
from storefront.cache import page_renderer
from storefront.cache import renewal as renewal_module
from storefront.cache.etags import compute_digest
from storefront.cache.keys import CacheEntry
from storefront.cache.page_renderer import PageAddress
from storefront.cache.renewal import PageRenewer
from storefront.cache.state import cache_state
from storefront.cache.store import BuildTicket, CacheStore
from storefront.extensions import db
from storefront.ops.request_figures import request_meter
from storefront.shop_cache import keys
from tests.cache.conftest import entries, get, listen
from tests.cache.writer_process import detail
from tests.conftest import make_app
from tests.factories import make_product

pytestmark = pytest.mark.any_database

PATIENCE = 30.0  # seconds
MUG, CUP = "/products/mug", "/products/cup"


class Gate:
    """Holds each page that is rendered in the background until it is opened."""

    def __init__(self, app: Flask) -> None:
        self._open = threading.Event()
        self.arrived = threading.Event()
        self.failing = False
        app.before_request(self._wait)

    def open(self) -> None:
        self._open.set()

    def _wait(self) -> None:
        if page_renderer.find_rendering(request.environ) is None:
            return
        self.arrived.set()
        assert self._open.wait(PATIENCE)
        if self.failing:
            abort(503)


@pytest.fixture
def gate(app: Flask, listening: CacheStore) -> Iterator[Gate]:
    held = Gate(app)
    yield held
    held.open()


@pytest.fixture
def renewer(app: Flask, gate: Gate) -> PageRenewer:
    return cache_state.get(app).renewer


@pytest.fixture
def pages(client: FlaskClient, renewer: PageRenewer) -> FlaskClient:
    """A client of a shop with two products, whose pages are cached."""
    for title in ("Mug", "Cup"):
        make_product(title)
    for address in (MUG, CUP):
        assert detail(get(client, address)) == ""
    return client


def rename(slug: str, title: str) -> None:
    """Change a product past the models, so that nothing is invalidated."""
    db.session.rollback()
    with db.engine.begin() as connection:
        changed = "UPDATE product SET title = :title WHERE slug = :slug"
        connection.execute(text(changed), {"title": title, "slug": slug})


def expire(app: Flask, redis: Redis) -> None:
    """Let the soft TTL of every entry be over."""
    for name in entries(redis, app):
        redis.hset(name, "soft", 1)
    cache_state.get(app).store.l1.clear()


def test_expired_page_is_renewed_behind_its_visitors(
    app: Flask, pages: FlaskClient, renewer: PageRenewer, gate: Gate, redis: Redis
) -> None:
    rename("mug", "Beaker")
    expire(app, redis)
    for _ in range(3):
        response = get(pages, MUG)
        assert ("Mug" in response.text, detail(response)) == (True, "stale")
    gate.open()
    assert renewer.wait_until_idle(PATIENCE)
    response = get(pages, MUG)
    assert ("Beaker" in response.text, detail(response)) == (True, "L1")


def test_one_of_many_visitors_hands_the_page_over(
    app: Flask, pages: FlaskClient, renewer: PageRenewer, gate: Gate, redis: Redis, store: CacheStore
) -> None:
    expire(app, redis)
    gathered, details = threading.Barrier(12), []

    def visit() -> None:
        gathered.wait()
        details.append(detail(app.test_client().get(MUG)))

    visitors = [threading.Thread(target=visit) for _ in range(12)]
    for visitor in visitors:
        visitor.start()
    for visitor in visitors:
        visitor.join()
    gate.open()
    assert renewer.wait_until_idle(PATIENCE)
    assert details == ["stale"] * 12
    assert store.counters.total["product_detail", "renewed"] == 2, "the page and its data, once"


def test_client_with_the_old_page_is_answered_304(
    app: Flask, pages: FlaskClient, gate: Gate, redis: Redis
) -> None:
    etag = get(pages, MUG).headers["ETag"]
    expire(app, redis)
    response = get(pages, MUG, If_None_Match=etag)
    assert (response.status_code, detail(response)) == (304, "stale")


def test_full_queue_builds_in_the_foreground(
    app: Flask, pages: FlaskClient, gate: Gate, redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(renewal_module, "MAX_QUEUED", 0)
    rename("mug", "Beaker")
    expire(app, redis)
    response = get(pages, MUG)
    assert ("Beaker" in response.text, detail(response)) == (True, "")


def test_invalidated_page_is_built_before_queued_ones(
    app: Flask, pages: FlaskClient, renewer: PageRenewer, gate: Gate, redis: Redis, store: CacheStore
) -> None:
    """The renewer is busy with one page; the next is still queued when a write invalidates it."""
    expire(app, redis)
    assert detail(get(pages, MUG)) == "stale"
    assert gate.arrived.wait(PATIENCE)
    assert detail(get(pages, CUP)) == "stale"
    rename("cup", "Goblet")
    with db.session() as session:
        cache.invalidate_on_commit(session, keys.slug_tag("cup"))
        session.commit()
    assert "Goblet" in get(pages, CUP).text
    assert store.counters.total["product_detail", "alone"] == 0, "nobody waited for the queue"


def test_failed_renewal_leaves_the_old_page(
    app: Flask, pages: FlaskClient, renewer: PageRenewer, gate: Gate, redis: Redis
) -> None:
    app.config["PROPAGATE_EXCEPTIONS"] = False
    rename("mug", "Beaker")
    expire(app, redis)
    gate.failing = True
    gate.open()
    for _ in range(2):
        assert detail(get(pages, MUG)) == "stale"
        assert renewer.wait_until_idle(PATIENCE)
    gate.failing = False
    assert detail(get(pages, MUG)) == "stale"
    assert renewer.wait_until_idle(PATIENCE)
    assert "Beaker" in get(pages, MUG).text


def test_page_that_must_not_be_kept_is_deleted(
    app: Flask, client: FlaskClient, renewer: PageRenewer, gate: Gate, redis: Redis
) -> None:
    told = {"kept": True}

    @cache.public_page(keys.PRODUCT_LIST)
    def notice() -> str:
        if not told["kept"]:
            cache.do_not_store()
        return str(told["kept"])

    app.add_url_rule("/notice", "notice", notice)
    assert get(client, "/notice").text == "True"
    told["kept"] = False
    expire(app, redis)
    assert (get(client, "/notice").text, detail(get(client, "/notice"))) == ("True", "stale")
    gate.open()
    assert renewer.wait_until_idle(PATIENCE)
    response = get(client, "/notice")
    assert (response.text, response.headers["Cache-Status"]) == ("False", "storefront; fwd=miss")


def test_renewal_counts_neither_as_request_nor_as_miss(
    app: Flask, pages: FlaskClient, renewer: PageRenewer, gate: Gate, redis: Redis, store: CacheStore
) -> None:
    meter = request_meter.get(app)
    expire(app, redis)
    before, misses = Counter(meter.counts), store.counters.total["product_detail", "miss"]
    get(pages, MUG)
    gate.open()
    assert renewer.wait_until_idle(PATIENCE)
    assert (meter.counts - before)["2xx"] == 1
    assert store.counters.total["product_detail", "miss"] == misses
    assert store.counters.total["product_detail", "hit_stale"] == 1


def test_renewal_spends_no_rate_limit_and_opens_no_session(
    app: Flask, redis_url: str, tmp_path: Path
) -> None:
    (instance := tmp_path / "limited").mkdir()
    url = app.config["SQLALCHEMY_DATABASE_URI"]
    shop = make_app(url, instance, REDIS_URL=redis_url, STOREFRONT_LIMIT_BROWSE="1/hour")
    make_product("Mug")
    seen = []

    @shop.after_request
    def look(response: object) -> object:
        seen.append((request.headers.get("Cookie"), request.remote_addr))
        return response

    with shop.app_context():
        for _ in range(3):
            page_renderer.render_detached(shop, PageAddress.of_url(shop, MUG))
        assert [shop.test_client().get(MUG).status_code for _ in range(2)] == [200, 429]
        db.session.remove()
        db.engine.dispose()
    assert seen[:3] == [(None, "127.0.0.1")] * 3


def test_detached_page_is_read_from_its_sources(
    app: Flask, pages: FlaskClient, gate: Gate, redis: Redis
) -> None:
    gate.open()
    address = PageAddress.of_url(app, MUG)
    cached = get(pages, MUG)
    same = page_renderer.render_detached(app, address).page
    assert same is not None
    assert same.digest == cached.headers["ETag"].strip('"').partition("-")[0]
    assert set(same.tags) == set(cached.headers["Surrogate-Key"].split())
    before = entries(redis, app)
    rename("mug", "Beaker")
    other = page_renderer.render_detached(app, address).page
    assert other is not None
    assert b"Beaker" in other.body
    assert other.digest == compute_digest(other.body, other.meta) != same.digest
    assert entries(redis, app) == before
    assert "Mug" in get(pages, MUG).text
    assert page_renderer.render_detached(app, PageAddress.of_url(app, "/cart")).page is None


def test_address_of_another_entry_is_not_rendered(
    app: Flask, pages: FlaskClient, gate: Gate, redis: Redis, store: CacheStore
) -> None:
    gate.open()
    entry = CacheEntry("other", "", keys.PRODUCT_LIST)
    ticket = store.look_up(entry)
    assert isinstance(ticket, BuildTicket)
    rendering = page_renderer.render_with_ticket(app, PageAddress.of_url(app, MUG), ticket)
    assert not rendering.was_stored
    assert isinstance(store.look_up(entry), BuildTicket), "the ticket was given up"


def test_stopped_renewer_gives_its_pages_up(app: Flask, pages: FlaskClient, gate: Gate, redis: Redis) -> None:
    rename("cup", "Goblet")
    expire(app, redis)
    assert detail(get(pages, MUG)) == "stale"
    assert gate.arrived.wait(PATIENCE)
    assert detail(get(pages, CUP)) == "stale"
    gate.open()
    cache.stop(app)
    assert "Goblet" in get(pages, CUP).text


def test_without_its_thread_pages_are_built_by_visitors(
    app: Flask, client: FlaskClient, redis: Redis
) -> None:
    make_product("Mug")
    get(client, MUG)
    rename("mug", "Beaker")
    expire(app, redis)
    assert "Beaker" in get(client, MUG).text
    for _ in listen(app):
        pass
