"""/ops: the last hour of all workers, also when Redis or the database is unavailable."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from storefront import periodic
from storefront.ops import minute_figures
from tests.accounts.people import second_app, sign_in_as_staff
from tests.factories import make_product
from tests.processes import eventually

pytestmark = pytest.mark.any_database


def test_figures_of_all_processes_are_added_up(app: Flask, client: FlaskClient, tmp_path: Path) -> None:
    prefix = app.config["CACHE_PREFIX"]
    make_product("Mug")
    redis_url = app.config["REDIS_URL"]
    with second_app(app, tmp_path / "other", REDIS_URL=redis_url, STOREFRONT_CACHE_PREFIX=prefix) as second:
        for shop in (app, second):
            recorder = minute_figures.Recorder(shop)
            browser = shop.test_client()
            for _ in range(3):
                browser.get("/products/mug")
            browser.get("/nowhere")
            recorder.record()
            recorder.record()  # sent figures are not sent twice
    total: Counter[str] = sum((minute.requests for minute in minute_figures.last_hour(prefix)), Counter())
    assert total == Counter({"2xx": 6, "4xx": 2})
    assert any(minute.memory for minute in minute_figures.last_hour(prefix))
    page = sign_in_as_staff(client).get("/admin/system").text
    assert re.search(
        r'aria-label="Requests, the last hour by minute; now All 8, Refused or not found 2', page
    )
    assert page.count("<polyline") == 10
    assert 'href="/admin/system" aria-current="page"' in page


def test_charts_fill_without_a_cache(app: Flask, tmp_path: Path) -> None:
    redis_url = app.config["REDIS_URL"]
    with second_app(app, tmp_path / "other", REDIS_URL=redis_url, STOREFRONT_CACHE="off") as shop:
        prefix = shop.config["CACHE_PREFIX"]
        shop.test_client().get("/nowhere")
        periodic.start_tasks(shop)  # a server does this at start
        try:
            assert eventually(
                lambda: any(minute.requests["4xx"] for minute in minute_figures.last_hour(prefix))
            )
        finally:
            periodic.stop_tasks(shop)
        assert re.search(
            r"Requests, [^\"]+; now All [1-9]", sign_in_as_staff(shop.test_client()).get("/admin/system").text
        )


def test_every_staff_page_links_to_the_others(client: FlaskClient) -> None:
    paths = ("/admin/system", "/admin/system/cache", "/admin/system/limits", "/admin/stock", "/admin/orders")
    sign_in_as_staff(client)
    for path in paths:
        page = client.get(path).text
        assert [
            p for p in ("/admin/system", "/admin/stock", "/admin/orders") if f'href="{p}"' not in page
        ] == []
        assert page.count("<h1") == 1
        assert f'href="{path}" aria-current="page"' in page


def test_without_redis_the_dashboard_shows_the_rest(app: Flask, tmp_path: Path) -> None:
    with second_app(app, tmp_path / "away", REDIS_URL="redis://127.0.0.1:1/0") as away:
        page = sign_in_as_staff(away.test_client()).get("/admin/system")
    assert page.status_code == 200
    assert "Redis for cache is away" in page.text
    assert page.text.count("<polyline") == 1


def test_percentiles_of_a_minute() -> None:
    minute = minute_figures.Minute(times=Counter({0: 90, 4: 9, 7: 1}))
    assert [minute.percentile(share) for share in (0.5, 0.95, 0.99, 1)] == [1, 20, 20, 200]
    assert minute_figures.Minute().percentile(0.99) == 0
