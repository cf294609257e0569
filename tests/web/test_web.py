"""Headers, compression and errors of every response; static files; health."""

from __future__ import annotations

import random
import re
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import brotli
import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from storefront.extensions import db
from storefront.ops import schema
from storefront.web import compression, health
from storefront.web.common_headers import HEADERS, choose_request_id
from tests.accounts.people import second_app
from tests.conftest import make_app
from tests.factories import make_product

pytestmark = pytest.mark.any_database


@pytest.mark.parametrize(
    "url", ["/", "/products", "/nowhere", "/healthz", "/products?page=abc", "/static/nothing.css"]
)
def test_every_response_has_a_request_id_and_security_headers(client: FlaskClient, url: str) -> None:
    response = client.get(url)
    assert len(response.headers["X-Request-ID"]) >= 8
    for name, value in HEADERS.items():
        assert response.headers[name] == value
    assert "unsafe-inline" not in response.headers["Content-Security-Policy"]
    assert "Strict-Transport-Security" not in response.headers
    assert "Set-Cookie" not in response.headers


def test_tls_brings_hsts(client: FlaskClient) -> None:
    found = client.get("/healthz", base_url="https://localhost").headers["Strict-Transport-Security"]
    assert found == "max-age=31536000; includeSubDomains"


def test_request_id_of_an_untrusted_client_is_ignored(client: FlaskClient) -> None:
    response = client.get("/healthz", headers={"X-Request-ID": "chosen-by-them"})
    assert response.headers["X-Request-ID"] != "chosen-by-them"


def test_proxies_send_well_formed_request_ids_only() -> None:
    good = "8c1f-0123.ABC_x"
    assert choose_request_id(good, trusted=True) == good
    for bad in ("", "short", "x" * 65, "8c1f 0123 4567", "8c1f0123\r\nX: y", "8c1f0123é", '8c1f"01234'):
        assert re.fullmatch(r"[0-9a-f]{16}", choose_request_id(bad, trusted=True)), bad


def test_forwarded_headers_need_a_trusted_proxy(client: FlaskClient) -> None:
    response = client.get(
        "/healthz", headers={"X-Forwarded-Proto": "https", "X-Forwarded-For": "203.0.113.9"}
    )
    assert "Strict-Transport-Security" not in response.headers


def test_pages_are_compressed_as_the_client_accepts(client: FlaskClient) -> None:
    make_product("Compressible")
    plain = client.get("/products")
    small = client.get("/products", headers={"Accept-Encoding": "gzip, br"})
    assert small.headers["Content-Encoding"] == "br"
    assert brotli.decompress(small.data) == plain.data
    assert "Accept-Encoding" in small.headers["Vary"]
    assert "Content-Encoding" not in plain.headers
    assert "Content-Encoding" not in client.get("/products", headers={"Accept-Encoding": "br;q=0"}).headers


def test_hashed_static_files_are_immutable(app: Flask, client: FlaskClient) -> None:
    url = app.jinja_env.globals["static_url"]("css/shop.css")
    response = client.get(url, headers={"Accept-Encoding": "br"})
    assert "immutable" in response.headers["Cache-Control"]
    assert b"@layer" in brotli.decompress(response.data)
    again = client.get(url, headers={"Accept-Encoding": "br", "If-None-Match": response.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
    stale = client.get("/static/css/shop.000000000000.css")
    assert stale.headers["Cache-Control"] == "no-cache"


@pytest.mark.parametrize("url", ["/static/../wsgi.py", "/static/%2e%2e/wsgi.py", "/static/css", "/static/"])
def test_no_file_outside_the_static_tree_is_served(client: FlaskClient, url: str) -> None:
    assert client.get(url).status_code == 404


def test_readiness_names_missing_services(
    app: Flask, client: FlaskClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(health, "MAX_AGE", 0.0)
    well = client.get("/readyz")
    assert (well.status_code, well.json) == (
        200,
        {"ready": True, "services": {"database": "ok", "redis": "ok"}},
    )
    version = db.session.scalar(text("SELECT version_num FROM alembic_version"))
    db.session.rollback()
    asked = {}
    for found in ("0001", "unknown", "9999", version):  # revisions that the tables may be at
        with db.engine.begin() as connection:
            connection.execute(text("UPDATE alembic_version SET version_num = :found"), {"found": found})
        asked[found] = client.get("/readyz")
    for found, sentence in (
        ("0001", "Run: flask db upgrade"),
        ("unknown", "which no version of this shop has"),
    ):
        assert asked[found].status_code == 503
        assert sentence in asked[found].json["services"]["database"]
    assert asked["9999"].status_code == 200, "a later release's tables serve this one, too"
    with second_app(app, tmp_path / "away", REDIS_URL="redis://127.0.0.1:1/0") as away:
        alone = away.test_client().get("/readyz")
    assert (alone.status_code, alone.json["ready"], alone.json["services"]["database"]) == (200, True, "ok")
    assert alone.json["services"]["redis"].endswith("The shop keeps running without it.")
    nowhere = make_app("postgresql://127.0.0.1:1/none", tmp_path).test_client().get("/readyz")
    assert (nowhere.status_code, nowhere.json["services"]["redis"]) == (503, "ok")
    assert "Check DATABASE_URL" in nowhere.json["services"]["database"]


def test_services_are_checked_once_for_all_who_ask(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "MAX_AGE", 3600.0)
    checked: list[int] = []
    started, finish = threading.Event(), threading.Event()

    def check() -> None:
        checked.append(1)
        started.set()
        finish.wait(30)

    health.add_check(app, "slow", check, required=True)
    with ThreadPoolExecutor(8) as pool:
        answers = [pool.submit(lambda: app.test_client().get("/readyz").status_code) for _ in range(8)]
        assert started.wait(30)
        finish.set()
        assert [answer.result() for answer in answers] == [200] * 8
    assert len(checked) == 1


def test_readiness_is_limited_by_address(app: Flask, tmp_path: Path) -> None:
    few = make_app(
        app.config["DATABASE_URL"],
        tmp_path,
        REDIS_URL=app.config["REDIS_URL"],
        STOREFRONT_LIMIT_PROBE="2/hour",
    )
    assert [few.test_client().get("/readyz").status_code for _ in range(3)] == [200, 200, 429]


def test_slow_database_fails_readiness(client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    assert client.get("/readyz").status_code == 200
    monkeypatch.setattr(health, "MAX_AGE", 0.0)
    monkeypatch.setattr(schema, "PROMPT", 0.0)
    late = client.get("/readyz")
    assert late.status_code == 503
    assert late.json["services"]["database"].startswith("The database did not answer within")
    assert late.json["services"]["redis"] == "ok"


def test_untrusted_host_is_refused(app: Flask, client: FlaskClient) -> None:
    app.config["TRUSTED_HOSTS"] = ["shop.example"]
    assert client.get("/", base_url="http://evil.example").status_code == 400
    assert client.get("/", base_url="http://shop.example").status_code == 200


def test_error_page_shows_only_the_request_id(app: Flask, client: FlaskClient) -> None:
    app.config["PROPAGATE_EXCEPTIONS"] = False

    @app.get("/broken")
    def broken() -> str:
        raise RuntimeError("secret detail")

    response = client.get("/broken")
    assert response.status_code == 500
    assert response.headers["X-Request-ID"] in response.text
    assert "secret detail" not in response.text


def test_database_outage_during_an_error_page_is_503(app: Flask, client: FlaskClient) -> None:
    app.config["PROPAGATE_EXCEPTIONS"] = False

    @app.get("/refused")
    def refused() -> str:
        raise LookupError

    @app.errorhandler(LookupError)
    def tell(_error: LookupError) -> str:
        raise OperationalError("SELECT", {}, Exception("terminating connection"))

    response = client.get("/refused")
    assert (response.status_code, response.headers["Retry-After"]) == (503, "5")
    assert "Nothing you’ve done here is lost" in response.text


def test_templates_look_up_global_names_in_one_dict(app: Flask) -> None:
    environment = app.jinja_env
    names = environment.get_template("components/price.html").globals
    assert names is environment.globals
    assert environment.from_string("{{ mine }}", globals={"mine": 1}).render() == "1"
    assert "mine" not in names


@pytest.mark.parametrize("size", [1, 500, 20_000, 300_000])
def test_small_window_of_brotli_loses_nothing(size: int) -> None:
    words = random.Random(size).choices([b"<li>", b"</li>", b"tea", b"mug", b" "], k=size)
    body = b"".join(words)
    compressed = compression.encode(body, "br", quality=5)
    assert brotli.decompress(compressed) == body
    assert len(compressed) <= 1.01 * len(brotli.compress(body, quality=5))
