"""A new version of the shop renders its hottest pages before anybody asks."""

from __future__ import annotations

import sys
import urllib.request
from pathlib import Path

import pytest
from flask import Flask, Response
from flask.testing import FlaskClient

from storefront.cache import fingerprint
from storefront.cache.state import cache_state
from storefront.extensions import db
from storefront.ops import warm_up
from storefront.shop_cache import PAGE_SETTINGS
from tests.cache.conftest import get
from tests.cache.writer_process import detail
from tests.conftest import make_app
from tests.factories import make_category, make_product
from tests.processes import eventually, served
from tests.redis_roles.servers import server

GUNICORN = [sys.executable, "-m", "gunicorn", "--config", "deploy/gunicorn.conf.py", "--workers", "2"]


def test_the_hottest_pages_are_rendered_first_without_limits(
    app: Flask, client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    shelf = make_category("Cups")
    for number in range(5):
        make_product(f"Mug {number}", category=shelf)
    for _ in range(64):  # the cache counts one request in 32
        get(client, "/products/mug-1")
    cache_state.get(app).reporter.send()
    assert warm_up.list_urls_to_warm(4) == ["/products/mug-1", "/", "/products", "/categories/cups"]
    result = app.test_cli_runner().invoke(args=["cache", "warm", "--pages", "6"])
    assert "5 pages were rendered; the others were already in the cache" in result.output
    assert detail(get(client, "/categories/cups")) == "L2"
    assert len(warm_up.list_urls_to_warm(100)) == 8


def test_losing_redis_ends_the_warm_up_with_one_log_line(
    app: Flask, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    make_product("Mug", category=make_category("Cups"))
    caplog.set_level("INFO", "storefront.ops.warm_up")
    (tmp_path / "other").mkdir()
    with server(tmp_path) as redis:
        shop = make_app(app.config["SQLALCHEMY_DATABASE_URI"], tmp_path / "other", REDIS_URL=redis.url)

        @shop.after_request
        def die(response: Response) -> Response:
            redis.kill()
            return response

        warm_up.in_advance(shop)
        with shop.app_context():
            db.engine.dispose()
    told = [line for line in caplog.records if line.name == "storefront.ops.warm_up"]
    assert [(line.levelname, line.exc_info) for line in told] == [("INFO", None)]
    assert "not all pages of this version were rendered in advance: Redis for cache is away" in caplog.text


@pytest.mark.slow
def test_a_new_version_renders_its_hottest_pages_at_start(tmp_path: Path) -> None:
    command = [*GUNICORN, "--bind", "127.0.0.1:{port}", "wsgi:app"]
    limits = {
        "STOREFRONT_LIMIT_BROWSE": "10000/minute",
        "STOREFRONT_CACHE_WARM": "1",
        "STOREFRONT_LOG": "text",
    }

    def status(url: str) -> str:
        with urllib.request.urlopen(url, timeout=20) as response:
            return str(response.headers["Cache-Status"])

    with served(tmp_path / "shop", *command, **limits) as shop:
        for _ in range(200):
            status(f"{shop.url}/products?sort=name")
        assert eventually(lambda: "/products?sort=name" in shop.flask("cache", "stats").stdout)
    with served(tmp_path / "shop", *command, **limits, STOREFRONT_NAME="Another version") as shop:
        log = tmp_path / "shop.log"
        assert eventually(lambda: "first time: 1 pages rendered, /products?" in log.read_text())
        assert "hit" in status(f"{shop.url}/products?sort=name")


def test_a_changed_template_changes_the_fingerprint(tmp_path: Path) -> None:
    def digest(words: str) -> str:
        folder = tmp_path / words
        folder.mkdir(exist_ok=True)
        (folder / "page.html").write_text(words)
        app = Flask("version", root_path=str(tmp_path / "code"), template_folder=str(folder))
        return fingerprint.compute_fingerprint(app)

    assert digest("one") == digest("one")
    assert digest("one") != digest("two")


@pytest.mark.parametrize("name", PAGE_SETTINGS)
def test_a_setting_that_pages_show_changes_the_fingerprint(
    app: Flask, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    assert cache_state.get(app).fingerprint == fingerprint.compute_fingerprint(app, PAGE_SETTINGS)
    monkeypatch.setitem(app.config, name, "another value")
    assert cache_state.get(app).fingerprint != fingerprint.compute_fingerprint(app, PAGE_SETTINGS)
