"""Popular pages are built again right after their invalidation, within a budget of processor time."""

from __future__ import annotations

import time

import pytest
from flask import Flask
from flask.testing import FlaskClient

from storefront.cache import hot_pages as module
from storefront.cache import page_renderer
from storefront.cache.cpu_budget import CpuBudget
from storefront.cache.hot_pages import HotPages
from storefront.cache.l2 import Lease
from storefront.cache.page_renderer import PageAddress
from storefront.cache.state import cache_state
from storefront.cache.store import CacheStore
from storefront.cache.visitor_builds import VisitorBuilds
from storefront.pauses import begin_pausing, give_way
from tests.cache.conftest import catch_up, get
from tests.cache.writer_process import detail, edit_product
from tests.factories import make_product
from tests.processes import eventually

pytestmark = pytest.mark.any_database

MUG, CUP = "/products/mug", "/products/cup"
PATIENCE = 30.0  # seconds
COUNTED = 32  # one request in so many is counted


@pytest.fixture
def hot(app: Flask, client: FlaskClient, listening: CacheStore) -> HotPages:
    """The popular pages of a shop with two products; both pages are in L1."""
    for title in ("Mug", "Cup"):
        make_product(title)
    catch_up(listening)
    for address in (MUG, CUP):
        assert eventually(lambda address=address: detail(get(client, address)) == "L1")
    return cache_state.get(app).hot_pages


def visit_often(client: FlaskClient, address: str) -> None:
    for _ in range(COUNTED):
        get(client, address)


def product_id(client: FlaskClient, address: str) -> int:
    tags = get(client, address).headers["Surrogate-Key"].split()
    return int(next(tag for tag in tags if tag.startswith("product:")).partition(":")[2])


def test_popular_page_is_built_before_its_next_visitor(client: FlaskClient, hot: HotPages) -> None:
    visit_often(client, MUG)
    mug, cup = product_id(client, MUG), product_id(client, CUP)
    edit_product(mug, title="Beaker")
    assert hot.wait_until_idle(PATIENCE)
    edit_product(cup, title="Goblet")
    assert hot.wait_until_idle(PATIENCE)
    response = get(client, MUG)
    assert "Beaker" in response.text
    assert detail(response) in ("L1", "L2")
    assert detail(get(client, CUP)) == "", "nobody asked for it often"


def test_popular_page_in_its_grace_is_built_late(app: Flask, client: FlaskClient, hot: HotPages) -> None:
    """Not at once: an import drops it with each batch. A visitor may have had it renewed before."""
    visit_often(client, MUG)
    cache_state.get(app).store.invalidate_local(["navigation"], relaxed=True)
    assert (len(hot._in_grace), hot._dropped) == (1, set())
    hot.task.stop()
    hot._in_grace = dict.fromkeys(hot._in_grace, 0.0)
    with app.app_context():
        assert hot._build_next()
    assert hot._in_grace == {}


def test_page_that_another_worker_builds_is_left_to_it(
    app: Flask, client: FlaskClient, hot: HotPages, store: CacheStore
) -> None:
    key = get(client, MUG).headers["Cache-Status"].partition('key="')[2].partition('"')[0]
    lease = store.l2.fetch(key, "", mode="force")  # as another worker does
    assert isinstance(lease, Lease)
    store.l2.delete(key)
    assert not page_renderer.render_missing(app, PageAddress.of_url(app, MUG), waits=False)
    assert store.counters.total["product_detail", "waited"] == 0
    store.l2.release(key, lease)
    assert page_renderer.render_missing(app, PageAddress.of_url(app, MUG), waits=False)


def test_page_waits_until_redis_knows_of_the_change(client: FlaskClient, hot: HotPages) -> None:
    """Else the old page would be found in Redis, and not be built again."""
    visit_often(client, MUG)
    hot.drop(list(hot._pages), is_known_to_redis=False)
    assert hot._dropped == set()
    hot.drop([])
    assert hot.wait_until_idle(PATIENCE)
    assert hot._announced == set()


def test_page_is_no_longer_popular_after_minutes(
    client: FlaskClient, hot: HotPages, monkeypatch: pytest.MonkeyPatch
) -> None:
    visit_often(client, MUG)
    monkeypatch.setattr(module, "HOT_SECONDS", 0.0)
    edit_product(product_id(client, MUG), title="Beaker")
    assert hot.wait_until_idle(PATIENCE)
    assert detail(get(client, MUG)) == ""


def test_number_of_popular_pages_is_bounded(
    app: Flask, hot: HotPages, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MAX_PAGES", 3)
    with app.test_request_context(MUG) as context:
        for number in range(10):
            hot.count(f"key {number}", context.request.environ)
    assert list(hot._pages) == ["key 7", "key 8", "key 9"]


def test_without_a_budget_visitors_build(app: Flask, store: CacheStore) -> None:
    off = HotPages(app, store, VisitorBuilds(), 0, 1)
    with app.test_request_context(MUG) as context:
        off.count("key", context.request.environ)
    off.start()
    assert (off._pages, off.task.is_running) == ({}, False)


def test_budget_is_spent_and_divided_among_workers() -> None:
    budget = CpuBudget(percent=10, workers=2)
    assert budget.seconds_until_free() == 0.0
    budget._saved = 0.0
    with budget.spend():
        total = sum(range(2_000_000))
    assert total
    spent = -budget._saved
    assert spent > 0
    assert 0.9 * spent / 0.05 - 1 < budget.seconds_until_free() <= spent / 0.05 + 0.001


def test_budget_does_not_pay_for_others_during_pauses(app: Flask) -> None:
    """Under gevent others run in the same thread during a pause: their processor time looks like one's own."""
    budget = CpuBudget(percent=10, workers=1)
    took: list[float] = []

    def run_others() -> None:
        began = time.thread_time()
        assert sum(range(2_000_000))
        took.append(time.thread_time() - began)

    with app.app_context():
        begin_pausing(run_others)
        before = budget._saved
        with budget.spend():
            give_way()
    assert before - budget._saved < took[0] / 2
