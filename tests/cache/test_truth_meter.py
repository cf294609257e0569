"""The truth meter finds pages that differ from the database; changes on their way are no error."""

from __future__ import annotations

import logging
import os
import sqlite3
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from urllib.request import urlopen

import pytest
from flask import Flask
from flask.testing import FlaskClient
from redis import Redis
from sqlalchemy import select, text
from werkzeug.test import TestResponse

from storefront.app import create_app
from storefront.cache import page_differences, page_renderer, truth_meter, verified_counts
from storefront.cache.l1 import L1, L1Entry
from storefront.cache.l2 import Lease
from storefront.cache.state import cache_state
from storefront.cache.store import CacheStore
from storefront.cache.tag_times import TagTimes
from storefront.cache.truth_meter import TruthMeter
from storefront.catalog.models import Product, Variant
from storefront.extensions import db, write_transaction
from storefront.stock import set_on_hand
from tests.cache.conftest import catch_up, entries, get
from tests.cache.writer_process import detail, edit_product
from tests.factories import make_category, make_product
from tests.processes import eventually, filled, gunicorn, served

pytestmark = pytest.mark.any_database

MUG, CUP = "/products/mug", "/products/cup"


@pytest.fixture
def meter(
    app: Flask, client: FlaskClient, listening: CacheStore, monkeypatch: pytest.MonkeyPatch
) -> Iterator[TruthMeter]:
    """The meter of a shop with two products whose pages are in L1; it compares when the test says so."""
    monkeypatch.setattr(truth_meter, "CONFIRM_SECONDS", 0.0)
    for title in ("Mug", "Cup"):
        make_product(title)
    catch_up(listening)
    for address in (MUG, CUP):
        visit(client, address)
    found = cache_state.get(app).truth_meter
    yield found
    found.stop()


def visit(client: FlaskClient, address: str) -> TestResponse:
    """Request a page until this worker answers it from its memory."""
    assert eventually(lambda: detail(get(client, address)) == "L1")
    return get(client, address)


def rename(slug: str, title: str) -> None:
    """Change a product past the models, so that nothing is invalidated."""
    db.session.rollback()
    with db.engine.begin() as connection:
        changed = "UPDATE product SET title = :title WHERE slug = :slug"
        connection.execute(text(changed), {"title": title, "slug": slug})


def compare_all(meter: TruthMeter) -> None:
    while meter.compare_next():
        pass


def product_id(response: TestResponse) -> int:
    tags = response.headers["Surrogate-Key"].split()
    return int(next(tag for tag in tags if tag.startswith("product:")).partition(":")[2])


def test_unchanged_pages_are_the_same_bytes(
    client: FlaskClient, meter: TruthMeter, store: CacheStore
) -> None:
    make_product("Plate", category=make_category("Table"))
    catch_up(store)
    pages = (
        "/",
        "/products",
        "/products?sort=price",
        "/categories",
        "/products?q=mug",
        "/sitemap.xml",
        "/products/missing",
    )
    addresses = (*pages, "/sitemap-categories.xml", "/api/v1/products")
    kept = {address for address in addresses for _ in range(2) if detail(get(client, address)) == "L1"}
    compare_all(meter)
    assert {result for result, number in meter.total.items() if number} == {"same"}
    assert len(kept) >= 8, kept
    assert meter.total["same"] == len(kept - {"/sitemap.xml"}), "its dates lag"


def test_write_past_the_models_is_found(
    app: Flask, client: FlaskClient, meter: TruthMeter, redis: Redis, caplog: pytest.LogCaptureFixture
) -> None:
    rename("mug", "Beaker")
    assert "Mug" in get(client, MUG).text
    with caplog.at_level(logging.ERROR, "storefront.cache.truth_meter"):
        compare_all(meter)
    assert (meter.total["wrong"], meter.total["same"]) == (1, 1)
    line = caplog.records[-1].getMessage()
    for part in (
        "page:catalog.product:",
        "Mug",
        "Beaker",
        "product:",
        "past the models",
    ):
        assert part in line
    assert "Beaker" in get(client, MUG).text
    assert detail(get(client, CUP)) == "L1", "only the wrong page was dropped"
    meter._send(1e12)
    week = verified_counts.read_week(app.config["CACHE_PREFIX"])
    assert (week.compared, week.counts["wrong"], len(week.wrong)) == (2, 1, 1)
    assert week.oldest > 0


def test_sale_that_changes_no_band_is_no_error(client: FlaskClient, meter: TruthMeter) -> None:
    """The page keeps the version of the stock that it was built with: open pages order events by it."""
    sku = db.session.scalars(select(Variant.sku).join(Product).where(Product.slug == "mug")).one()
    with write_transaction() as session:
        set_on_hand(session, sku, 77, reason="count")
    assert detail(get(client, MUG)) == "L1", "the page stays as it is"
    compare_all(meter)
    assert (meter.total["wrong"], meter.total["same"]) == (0, 2)
    rename("mug", "Beaker")
    compare_all(meter)
    meter._checked.clear()
    compare_all(meter)
    assert meter.total["wrong"] == 1


def test_wrong_page_leaves_redis_and_every_worker(
    client: FlaskClient, meter: TruthMeter, redis: Redis, app: Flask
) -> None:
    rename("mug", "Beaker")
    told = redis.pubsub(ignore_subscribe_messages=True)  # type: ignore[no-untyped-call]
    told.subscribe(cache_state.get(app).store.l2.tag_times.channel)
    told.get_message(timeout=5)
    compare_all(meter)
    left = {name for name in entries(redis, app) if "catalog.product:" in name or ":catalog:product:" in name}
    assert [name for name in left if "mug" in name] == []
    message = told.get_message(timeout=5)
    told.close()
    assert message is not None
    assert b"key:page:catalog.product:" in message["data"]
    assert b"key:catalog:product:" in message["data"], "the data that the page is made of"


def test_lost_invalidation_is_found(
    client: FlaskClient, meter: TruthMeter, monkeypatch: pytest.MonkeyPatch
) -> None:
    mug = product_id(get(client, MUG))
    with monkeypatch.context() as patch:
        patch.setattr(TagTimes, "invalidate", lambda *_, **__: None)
        patch.setattr(CacheStore, "invalidate_local", lambda *_, **__: None)
        edit_product(mug, title="Beaker")
    assert "Mug" in get(client, MUG).text
    compare_all(meter)
    assert meter.total["wrong"] == 1
    assert "Beaker" in get(client, MUG).text


def test_change_on_its_way_is_no_error(
    client: FlaskClient, meter: TruthMeter, store: CacheStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The commit is visible before its invalidation arrives."""
    monkeypatch.setattr(truth_meter, "CONFIRM_SECONDS", 3600.0)
    mug = product_id(get(client, MUG))
    rename("mug", "Beaker")
    compare_all(meter)
    assert list(meter._suspects)
    store.invalidate_local([f"product:{mug}"])
    meter._suspects = {key: suspect._replace(due_at=0.0) for key, suspect in meter._suspects.items()}
    compare_all(meter)
    assert (meter.total["changed"], meter.total["wrong"]) == (1, 0)


@pytest.mark.parametrize("mode", ["strict", "relaxed", "hard"])
def test_invalidation_in_redis_excuses_a_difference(
    client: FlaskClient, meter: TruthMeter, store: CacheStore, monkeypatch: pytest.MonkeyPatch, mode: str
) -> None:
    """This worker has not received it yet; long afterwards it is an error."""
    monkeypatch.setattr(store, "invalidate_local", lambda *_, **__: None)
    mug = product_id(get(client, MUG))
    rename("mug", "Beaker")
    assert meter.compare_next()
    assert meter.compare_next()
    monkeypatch.setattr(truth_meter, "CONFIRM_SECONDS", 3600.0)
    meter._suspects = {key: suspect._replace(due_at=0.0) for key, suspect in meter._suspects.items()}
    store.l2.tag_times.invalidate([f"product:{mug}"], mode)  # type: ignore[arg-type]
    compare_all(meter)
    assert meter.total["wrong"] == 0
    get(client, MUG)
    monkeypatch.setattr(truth_meter, "CONFIRM_SECONDS", 0.0)
    compare_all(meter)
    assert meter.total["wrong"] == 1
    assert "missed the invalidation" in meter._wrong[-1].cause


def test_page_in_its_grace_is_not_wrong(
    client: FlaskClient, meter: TruthMeter, store: CacheStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After a relaxed invalidation an old answer is permitted: the worker has no copy of it any more."""
    key = next(key for key in store.l1.list_uses() if key.startswith("page:") and key.endswith(":mug"))
    rename("mug", "Beaker")
    with monkeypatch.context() as patch:
        patch.setattr(truth_meter, "CONFIRM_SECONDS", 3600.0)
        compare_all(meter)
    assert list(meter._suspects) == [key]
    store.l2.tag_times.invalidate(["navigation"], "relaxed")
    store.invalidate_local(["navigation"], relaxed=True)
    assert isinstance(store.l2.fetch(key, "", relaxed=True), Lease), "another process builds"
    old = get(client, MUG)
    assert "storefront-grace" in old.headers["Cache-Status"]
    assert "Mug" in old.text
    meter._suspects = {key: suspect._replace(due_at=0.0) for key, suspect in meter._suspects.items()}
    compare_all(meter)
    assert (meter.total["changed"], meter.total["wrong"]) == (1, 0)


def test_pages_are_compared_in_turn_and_not_again(client: FlaskClient, meter: TruthMeter) -> None:
    compare_all(meter)
    assert meter.total["same"] == 2
    assert not meter.compare_next(), "nobody asked for them since"
    get(client, CUP)
    compare_all(meter)
    assert meter.total["same"] == 3


def test_page_that_fails_is_no_difference(
    app: Flask, client: FlaskClient, meter: TruthMeter, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("away")

    monkeypatch.setattr(page_renderer, "render_detached", fail)
    compare_all(meter)
    assert {result: number for result, number in meter.total.items() if number} == {"failed": 2}


def test_meter_without_a_budget_is_off(app: Flask, store: CacheStore) -> None:
    off = TruthMeter(app, store, cache_state.get(app).url_index, 0, 1)
    off.start()
    assert not off.task.is_running


def test_dropped_entry_does_not_return_from_an_older_look_up() -> None:
    level = L1(100_000)
    entry = L1Entry(b"", "etag", {"br": b"1"}, ("tag",), 1e12)
    generation = level.generation
    assert level.put("page:one", entry, generation)
    assert level.invalidate(["key:page:one"]) == {"page:one"}
    assert not level.put("page:one", entry, generation)
    assert level.put("page:two", entry, generation)


def test_difference_is_one_short_line() -> None:
    was, now = b"<p>same</p>\n<p>" + b"x" * 500 + b"10</p>", b"<p>same</p>\n<p>" + b"x" * 500 + b"12</p>"
    said = page_differences._describe_bodies(was, now)
    assert said.startswith("line 2 is 'xxx")
    assert "0</p>" in said
    assert "2</p>" in said
    assert len(said) < 200


Change = Callable[[Path, str, str], None]  # gets the shop's instance, a product's slug and its new title


def change_past_the_models(instance: Path, slug: str, title: str) -> None:
    with closing(sqlite3.connect(instance / "storefront.sqlite3")) as connection, connection:
        connection.execute("UPDATE product SET title = ? WHERE slug = ?", [title, slug])


def change_and_lose_the_message(instance: Path, slug: str, title: str) -> None:
    """Commit a change in a process that cannot reach Redis; the database deletes its message before it is sent."""
    with closing(sqlite3.connect(instance / "storefront.sqlite3")) as connection, connection:
        connection.execute(
            "CREATE TRIGGER IF NOT EXISTS lose AFTER INSERT ON outbox BEGIN DELETE FROM outbox WHERE id = NEW.id; END"
        )
        [before] = connection.execute("SELECT coalesce(max(id), 0) FROM outbox").fetchone()
    settings = {
        "STOREFRONT_ENV": "development",
        "SECRET_KEY": "only for tests",
        "REDIS_URL": "redis://127.0.0.1:1/0",
    }
    writer = create_app({"PATH": os.environ["PATH"], **settings}, instance=instance)
    with writer.app_context():
        product = db.session.execute(select(Product.id).where(Product.slug == slug)).scalar_one()
        db.session.rollback()
        edit_product(product, title=title)
        db.session.remove()
        db.engine.dispose()
    with closing(sqlite3.connect(instance / "storefront.sqlite3")) as connection:
        assert connection.execute("SELECT count(*) FROM outbox WHERE id > ?", (before,)).fetchone() == (0,)
        titles = connection.execute("SELECT title FROM product WHERE slug = ?", [slug]).fetchone()
    assert titles == (title,)


@pytest.mark.slow
def test_served_shop_finds_a_wrong_page(tmp_path: Path, redis_url: str) -> None:
    """Two workers, and a row changed past the models."""
    said = find_wrong_page(
        tmp_path / "shop", redis_url, "100", change_past_the_models, seconds=30, pause=0.05
    )
    assert "past the models" in said


@pytest.mark.only_long
@pytest.mark.parametrize("change", [change_past_the_models, change_and_lose_the_message])
def test_page_requested_once_a_second_is_found_in_a_minute(
    tmp_path: Path, redis_url: str, change: Change
) -> None:
    said = find_wrong_page(tmp_path / "shop", redis_url, "1", change, seconds=60, pause=1.0)
    assert "nothing invalidated it" in said


def find_wrong_page(
    instance: Path, redis_url: str, percent: str, change: Change, *, seconds: float, pause: float
) -> str:
    """Serve a shop, change a product, wait until the page shows it, and return the shop's log."""
    environ = {"STOREFRONT_ENV": "development", "SECRET_KEY": "only for tests", "REDIS_URL": redis_url}
    environ |= {
        "STOREFRONT_CACHE_PREFIX": f"truth-{uuid.uuid4().hex}",
        "STOREFRONT_CACHE_VERIFY_PERCENT": percent,
        "STOREFRONT_LIMITS": "off",  # it asks as often as it needs to
    }
    address = next(iter(filled(instance, 3, **environ)))
    with served(instance, *gunicorn(2), **environ) as shop:

        def read() -> tuple[str, str]:
            with urlopen(shop.url + address) as answer:
                return answer.headers["Cache-Status"].rpartition("=")[2], answer.read().decode()

        assert eventually(lambda: all(read()[0] == "L1" for _ in range(20))), "both workers have a copy"
        for number in range(5):  # while it starts, the shop may build the page again by itself
            title = f"Beaker {number}"
            change(instance, address.rpartition("/")[2], title)

            def is_right(title: str = title) -> bool:
                time.sleep(pause)  # the visitors' pace
                return title in read()[1]

            assert eventually(is_right, seconds=seconds)
            said = (instance.parent / f"{instance.name}.log").read_text()
            if f"should be '<title>{title}" in said:
                assert all(title in read()[1] for _ in range(20)), "both workers dropped it"
                return said
    return ""
