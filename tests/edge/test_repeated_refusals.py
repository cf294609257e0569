"""A refusal is built once by the application and repeated in front of it."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from prometheus_client import REGISTRY
from werkzeug.test import TestResponse

from storefront.edge.repeated_refusals import MAX_ANSWERS
from tests.conftest import make_app

pytestmark = pytest.mark.any_database

CROSS_SITE = {"Sec_Fetch_Site": "cross-site"}
CHANGING = {"X-Request-ID", "RateLimit", "RateLimit-Policy", "X-RateLimit-Remaining", "Date"}


class Counted:
    """A client of a shop that counts the requests which reach Flask."""

    def __init__(self, app: Flask) -> None:
        self.reached = 0
        self._client = app.test_client(use_cookies=False)

        @app.before_request
        def count() -> None:
            self.reached += 1

        app.before_request_funcs[None].insert(0, app.before_request_funcs[None].pop())

    def send(
        self,
        path: str = "/cart/lines",
        *,
        length: int = 10,
        method: str = "POST",
        base_url: str = "http://localhost",
        **headers: str,
    ) -> TestResponse:
        """Send a request that declares a body of this length."""
        wanted = {name.replace("_", "-"): value for name, value in headers.items()}
        environ = {"CONTENT_LENGTH": str(length), "CONTENT_TYPE": "application/x-www-form-urlencoded"}
        return self._client.open(
            path, method=method, headers=wanted, environ_overrides=environ, base_url=base_url
        )


@pytest.fixture
def counted(app: Flask) -> Counted:
    return Counted(app)


def kept(answer: TestResponse) -> dict[str, Any]:
    headers = {name: value for name, value in answer.headers.items() if name not in CHANGING}
    return {"status": answer.status, "headers": headers, "body": answer.data}


@pytest.mark.parametrize("encoding", ["br", "gzip", ""])
@pytest.mark.parametrize("path", ["/cart/lines", "/nowhere", "/api/v1/products"])
@pytest.mark.parametrize("why", [CROSS_SITE, {"Origin": "https://evil.example"}, {}])
def test_a_repeated_refusal_is_the_same_answer(
    counted: Counted, path: str, encoding: str, why: dict[str, str]
) -> None:
    length = 10 if why else 2_000_000
    first, second = (
        counted.send(path, length=length, method="PATCH", Accept_Encoding=encoding, **why) for _ in range(2)
    )
    assert first.status_code == (403 if why else 413)
    assert kept(first) == kept(second)
    assert counted.reached == 1
    assert first.headers["X-Request-ID"] != second.headers["X-Request-ID"]


def test_repeated_refusals_are_measured_with_their_route(app: Flask, counted: Counted) -> None:
    with app.test_request_context("/cart/lines", method="POST") as context:
        about = {"endpoint": str(context.request.endpoint), "status": "4xx"}

    def measured() -> float:
        return REGISTRY.get_sample_value("storefront_request_seconds_count", about) or 0

    before = measured()
    for _ in range(3):
        counted.send(**CROSS_SITE)
    assert (measured() - before, counted.reached) == (3, 1)


def test_answers_to_different_refusals_differ(counted: Counted) -> None:
    for path, length, size in (("/cart/lines", 100_000, "16 kB"), ("/checkout", 100_000, "64 kB")):
        for _ in range(2):
            assert f"You can send up to {size} here" in counted.send(path, length=length).text
    for path, kind in (("/cart/lines", "text/html"), ("/api/v1/products", "application/problem+json")):
        for encoding in ("br", "gzip"):
            answer = counted.send(path, Accept_Encoding=f"{encoding}, x;q=0.1", **CROSS_SITE)
            assert answer.mimetype == kind
            assert answer.headers.get("Content-Encoding") == (encoding if kind == "text/html" else None)
    secure = counted.send(base_url="https://localhost", **CROSS_SITE)
    assert "Strict-Transport-Security" in secure.headers
    assert "Strict-Transport-Security" not in counted.send(**CROSS_SITE).headers


def test_what_is_not_refused_reaches_the_application(counted: Counted) -> None:
    counted.send(**CROSS_SITE)
    for _ in range(2):
        assert counted.send("/products", method="GET", length=0, **CROSS_SITE).status_code == 200
        assert counted.send("/checkout", length=20_000).status_code != 413
        assert counted.send("/products", length=9_000).status_code == 405
        assert counted.send("/cart/a%00b", **CROSS_SITE).status_code == 404
    assert counted.reached > 6


def test_refusals_beyond_the_limit_get_429(app: Flask, redis_url: str, tmp_path: Any) -> None:
    settings = {"STOREFRONT_LIMIT_BROWSE": "3/hour", "REDIS_URL": redis_url}
    other = Counted(make_app(app.config["SQLALCHEMY_DATABASE_URI"], tmp_path, **settings))
    assert [other.send(**CROSS_SITE).status_code for _ in range(5)] == [403] * 3 + [429] * 2


def test_many_hosts_fill_no_memory(app: Flask, counted: Counted) -> None:
    for number in range(MAX_ANSWERS + 5):
        counted.send(**CROSS_SITE, Host=f"h{number}.localhost")
    before = counted.reached
    assert counted.send(**CROSS_SITE, Host="evil.example").status_code == 400
    counted.send(**CROSS_SITE, Host=f"h{MAX_ANSWERS}.localhost")
    counted.send(**CROSS_SITE, Host="h0.localhost")
    assert counted.reached == before + 2, "the foreign host and the oldest answer"
