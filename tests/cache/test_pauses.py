"""Builds pause, so that a worker answers others meanwhile; visitors' pages go before those that nobody waits for."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path
from types import ModuleType

import pytest
from flask import Flask
from flask.testing import FlaskClient

from storefront import cache
from storefront import pauses as module
from storefront.cache import visitor_builds
from storefront.cache.page_renderer import PageAddress, render_detached, render_missing
from storefront.cache.state import cache_state
from storefront.cache.store import CacheStore
from storefront.cache.visitor_builds import VisitorBuilds
from storefront.extensions import write_transaction
from storefront.shop_cache import keys
from tests.cache.conftest import get
from tests.cache.writer_process import detail
from tests.factories import make_product
from tests.processes import eventually

MUG = "/products/mug"
PATIENCE = 30.0  # seconds


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the threads that have paused, in order; each piece of a template is a long one."""
    found: list[str] = []
    monkeypatch.setattr(module, "LONGEST", 0.0)
    monkeypatch.setattr(module.time, "sleep", lambda _: found.append(threading.current_thread().name))
    return found


def own(pauses: list[str]) -> int:
    return pauses.count(threading.current_thread().name)


@pytest.mark.any_database
def test_page_pauses_while_it_is_built(client: FlaskClient, pauses: list[str]) -> None:
    make_product("Mug")
    first = get(client, MUG)
    built = own(pauses)
    assert built > 20, "between its data, the pieces of its template and its compressions"
    assert get(client, MUG).get_data() == first.get_data()
    assert own(pauses) == built, "a cached page has nothing to pause for"


@pytest.mark.any_database
def test_page_that_pauses_is_the_same(
    app: Flask, client: FlaskClient, pauses: list[str], listening: CacheStore
) -> None:
    make_product("Mug")
    page = get(client, MUG)
    whole = page.get_data()
    module.LONGEST = 3600.0
    with app.app_context():
        listening.invalidate_local(["everything"])
        listening.l2.delete(page.headers["Cache-Status"].partition('key="')[2].partition('"')[0])
    assert get(client, MUG).get_data() == whole


@pytest.mark.any_database
def test_comparing_build_pauses(app: Flask, client: FlaskClient, pauses: list[str]) -> None:
    make_product("Mug")
    get(client, MUG)
    before = own(pauses)
    assert render_detached(app, PageAddress("http", "localhost", MUG, "")).page
    assert own(pauses) > before + 20


def test_write_transaction_does_not_pause(app: Flask, pauses: list[str]) -> None:
    """Another greenlet that wanted to write would wait for this one, and keep it from its turn."""
    with write_transaction():
        cache.fetch(keys.menu(), int, lambda: 1)
    assert own(pauses) == 0


def test_pause_under_gevent_answers_what_came_in() -> None:
    """After sleep(0) nobody has looked for it."""
    code = """if True:
        from gevent import monkey; monkey.patch_all()
        import socket, gevent; from storefront.pauses import let_others_go
        ours, theirs = socket.socketpair(); answered = []
        gevent.spawn(lambda: answered.append(theirs.recv(1))); gevent.sleep(0.001)
        ours.send(b"?"); gevent.sleep(0); print(answered)
        let_others_go(); print(answered)"""
    root = Path(__file__).parents[2]
    done = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == ["[]", "[b'?']"]


def test_gevent_that_is_being_imported_serves_nobody_yet(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "gevent.monkey", ModuleType("gevent.monkey"))  # by another thread
    assert not module.has_greenlets()
    assert module.run_in_thread(lambda: "here") == "here"
    module.let_others_go()


def test_background_waits_for_visitors(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(visitor_builds, "PATIENCE", PATIENCE)
    visitors, ended = VisitorBuilds(), threading.Event()
    visitors.begin()
    visitors.begin()
    waiting = threading.Thread(target=lambda: (visitors.let_them_end(), ended.set()))
    waiting.start()
    visitors.end()
    assert not ended.is_set()
    visitors.end()
    waiting.join(PATIENCE)
    assert ended.is_set()


@pytest.mark.any_database
def test_builds_of_visitors_are_counted(app: Flask, client: FlaskClient, listening: CacheStore) -> None:
    """While the page is built, and not afterwards; one that is built in the background is not."""
    make_product("Mug")
    visitors, seen = cache_state.get(app).visitor_builds, []
    app.before_request_funcs.setdefault(None, []).append(lambda: seen.append(visitors._count) or None)
    assert eventually(lambda: detail(get(client, MUG)) == "L1")
    assert 1 in seen
    assert visitors._count == 0
    seen.clear()
    make_product("Cup")
    assert render_missing(app, PageAddress("http", "localhost", "/products/cup", ""))
    assert seen == [0]


def test_import_lowers_its_priority(tmp_path: Path) -> None:
    code = "from flask import Flask; from storefront.pauses import lower_priority; import os\n"
    code += "with Flask('shop').app_context(): lower_priority(); print(os.nice(0))"
    root = Path(__file__).parent.parent.parent
    run = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True)
    assert int(run.stdout) == min(19, os.nice(0) + module.IMPORT_PRIORITY)


@pytest.mark.any_database
def test_import_in_a_test_keeps_its_priority(app: Flask) -> None:
    before = os.nice(0)
    module.lower_priority()
    assert os.nice(0) == before
