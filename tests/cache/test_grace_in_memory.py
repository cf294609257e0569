"""A page in its grace is answered from the worker's memory, and renewed once, late in the grace."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from storefront import cache
from storefront.cache import l1 as module
from storefront.cache.keys import CacheEntry
from storefront.cache.l1 import L1, L1Entry
from storefront.cache.l2 import L2, StoredValue
from storefront.cache.page_renderer import PageAddress
from storefront.cache.renewal import PageRenewer
from storefront.cache.state import CacheState, cache_state
from storefront.cache.store import BuildTicket, CacheHit, CacheStore
from storefront.cache.visitor_builds import VisitorBuilds
from storefront.edge.fast_path import cached_pages
from storefront.extensions import write_transaction
from storefront.shop_cache import keys
from tests.cache.conftest import another, catch_up, commands, get, listen
from tests.cache.writer_process import detail
from tests.factories import make_product
from tests.processes import eventually
from tests.redis_roles.servers import Server

pytestmark = pytest.mark.any_database

MUG = "/products/mug"
PATIENCE = 30.0  # seconds
SCRIPTS = ("evalsha", "eval")


@pytest.fixture
def own_app(app: Flask, own_redis: Server, redis_url: str, tmp_path: Path) -> Iterator[Flask]:
    """A shop with a grace of a minute, which no test outlasts, and with its own Redis server for the cache."""
    settings = {"REDIS_URL": redis_url, "CACHE_REDIS_URL": own_redis.url, "STOREFRONT_CACHE_GRACE": "60"}
    yield from another(app, tmp_path / "own", **settings)


@pytest.fixture
def state(own_app: Flask) -> Iterator[CacheState]:
    """A shop whose worker has the page of a mug in memory, and renews it only when a test says so."""
    for _ in listen(own_app):
        make_product("Mug")
        found = cache_state.get(own_app)
        catch_up(found.store)
        assert eventually(lambda: detail(get(own_app.test_client(), MUG)) == "L1")
        with pytest.MonkeyPatch.context() as patched:
            patched.setattr(module, "RENEWAL_BEGINS", 1e6)
            patched.setattr(module, "RENEWAL_ENDS", 1e6)
            patched.setattr(module, "RENEWAL_RETRY", 1e6)
            yield found


def purge(tag: str = keys.NAVIGATION, *, relaxed: bool = True) -> None:
    with write_transaction() as session:
        cache.invalidate_on_commit(session, tag, mode="relaxed" if relaxed else "strict")


def copy_of_mug(state: CacheState) -> L1Entry:
    (key,) = [key for key in state.store.l1.list_uses() if key.startswith("page:") and key.endswith(":mug")]
    found = state.store.l1.peek(key)
    assert found
    return found


def test_page_in_its_grace_takes_no_round_trip(
    state: CacheState, own_client: FlaskClient, own_redis: Server
) -> None:
    purge()
    before = commands(own_redis.client)
    for _ in range(3):
        response = get(own_client, MUG)
        assert detail(response) == "stale"
        assert "storefront-grace=" in response.headers["Cache-Status"]
        assert response.headers["X-Accel-Expires"] == "0", "no shared cache keeps it"
    after = commands(own_redis.client)
    assert sum(after[name] - before[name] for name in SCRIPTS) == 0


def test_fast_path_does_not_send_the_headers_of_before(state: CacheState, own_app: Flask) -> None:
    environ = {"REQUEST_METHOD": "GET", "PATH_INFO": MUG, "QUERY_STRING": "", "HTTP_HOST": "localhost"}
    environ |= {"wsgi.url_scheme": "https", "REMOTE_ADDR": "127.0.0.1", "HTTP_ACCEPT_ENCODING": "br"}
    layer, answers = cached_pages.get(own_app), []
    for _ in range(2):
        raw = layer.answer_raw(dict(environ))
        assert raw
        answers.append(raw[2].partition(b"\r\n\r\n")[0])
        purge()
    assert b"X-Accel-Expires: 1" in answers[0]
    assert b"X-Accel-Expires: 0" in answers[1]
    assert b"detail=stale" in answers[1]


def test_strict_tag_ends_the_grace_in_memory(state: CacheState, own_client: FlaskClient) -> None:
    purge()
    purge(next(tag for tag in copy_of_mug(state).tags if tag.startswith("product:")), relaxed=False)
    assert detail(get(own_client, MUG)) == ""


def test_grace_in_memory_runs_from_the_first_invalidation(state: CacheState) -> None:
    purge()
    ends = copy_of_mug(state).grace_ends
    assert ends is not None
    assert ends <= time.monotonic() + state.store.l2.grace
    purge()
    purge("search")
    assert copy_of_mug(state).grace_ends == ends


def test_page_after_its_grace_is_not_answered_from_memory(state: CacheState) -> None:
    purge()
    copy = copy_of_mug(state)
    copy.grace_ends = time.monotonic() - 0.01
    (key,) = [key for key, used in state.store.l1.list_uses().items() if state.store.l1.peek(key) is copy]
    assert state.store.find_in_l1(key, "br", relaxed=True) is None
    assert state.store.find_in_l1(key, "br") is None


def test_one_look_up_renews_the_page_late_in_its_grace(state: CacheState, own_client: FlaskClient) -> None:
    purge()
    old = copy_of_mug(state)
    assert detail(get(own_client, MUG)) == "stale"
    assert state.renewer.wait_until_idle(PATIENCE)
    assert copy_of_mug(state) is old, "many invalidations cost one build"
    old.renew_at = time.monotonic() - 0.01
    assert detail(get(own_client, MUG)) == "stale", "who renews it does not wait either"
    assert state.renewer.wait_until_idle(PATIENCE)
    assert eventually(lambda: detail(get(own_client, MUG)) == "L1")
    assert copy_of_mug(state).start > old.start


def test_copy_of_another_worker_in_its_grace_is_kept(own_app: Flask, own_redis: Server) -> None:
    entry = CacheEntry("page:x:1", "", keys.PRODUCT_LIST)
    here, there = (CacheStore(L2("bare", grace=5), 100_000, {}) for _ in range(2))
    here.receives_invalidations = lambda: True
    ticket = there.look_up(entry, relaxed=True)
    assert isinstance(ticket, BuildTicket)
    assert ticket.fill(StoredValue(b"", "etag", {"": b"1"}), ["tag"], ttl=600)
    there.l2.tag_times.invalidate(["tag"], "relaxed")
    assert isinstance(there.look_up(entry, relaxed=True), BuildTicket)
    for _ in range(2):
        hit = here.look_up(entry, relaxed=True)
        assert isinstance(hit, CacheHit)
        assert hit.grace_left
    before = commands(own_redis.client)
    assert isinstance(here.look_up(entry, relaxed=True), CacheHit)
    assert commands(own_redis.client)["evalsha"] == before["evalsha"]
    here.invalidate_local(["tag"])
    assert here.l1.peek(entry.key) is None


def test_values_in_memory_have_no_grace() -> None:
    local = L1(100_000, grace=5)
    for key, has_grace in (("page", True), ("data", False)):
        entry = L1Entry(b"", "", {"": b""}, ("tag",), float("inf"), has_grace=has_grace)
        assert local.put(key, entry, local.generation)
    assert local.invalidate(["tag"], relaxed=True) == {"page", "data"}
    assert (local.peek("page") is None, local.peek("data") is None) == (False, True)
    assert local.get("page") is None
    local.invalidate(["tag"])
    assert len(local) == 0


def test_page_whose_grace_ends_first_is_renewed_first(own_app: Flask, own_redis: Server) -> None:
    """One whose grace has ended is given up: its visitors would wait for all pages before it."""
    store, renewer, built = cache_state.get(own_app).store, PageRenewer(own_app, VisitorBuilds()), []
    renewer._renew = lambda renewal: built.append(renewal.ticket.entry.identity)  # type: ignore[method-assign]
    renewer.task._running = True  # its thread is this one
    tickets = {}
    for name, grace in (("long", 4.0), ("over", 0.0), ("short", 2.0), ("no grace", None)):
        ticket = store.look_up(CacheEntry("page:x:1", name, keys.PRODUCT_LIST))
        assert isinstance(ticket, BuildTicket)
        assert renewer.hand_over(ticket, PageAddress("https", "localhost", "/", ""), [], grace)
        tickets[name] = ticket
    with own_app.app_context():
        while renewer._renew_next():
            pass
    renewer.task._running = False
    assert built == ["short", "long", "no grace"]
    assert tickets["over"].closed


def test_build_that_memory_refuses_replaces_the_old_copy(state: CacheState, own_client: FlaskClient) -> None:
    """The message of an invalidation arrives after the build began, which has seen what it is about."""
    purge()
    old = copy_of_mug(state)
    (key,) = [key for key in state.store.l1.list_uses() if state.store.l1.peek(key) is old]
    ticket = state.store.acquire_ticket(CacheEntry(*key.rsplit(":", 1), keys.PRODUCT_DETAIL))
    assert ticket is not None
    state.store.invalidate_local([keys.NAVIGATION], relaxed=True)
    assert ticket.fill(StoredValue(old.meta, "new", dict(old.bodies)), old.tags, ttl=600)
    assert state.store.l1.peek(key) is None
    assert detail(get(own_client, MUG)) == "L2"
