"""Cached pages are answered in front of Flask, under the same limit."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from storefront import cache
from storefront.api import tokens
from storefront.cache.state import cache_state
from storefront.cache.store import CacheStore
from storefront.extensions import db
from storefront.ops import warm_up
from storefront.rate_limiting.engine import rate_limits
from storefront.rate_limiting.gcra import Hit, Verdict
from storefront.rate_limiting.limiter import Source
from tests.conftest import make_app
from tests.factories import make_product
from tests.processes import eventually

pytestmark = pytest.mark.any_database


@contextmanager
def listening(app: Flask, redis_url: str, instance: Path, **environ: str) -> Iterator[Flask]:
    """Another shop on the same database that receives invalidations, so that it caches pages."""
    instance.mkdir()
    one = make_app(app.config["SQLALCHEMY_DATABASE_URI"], instance, REDIS_URL=redis_url, **environ)
    with one.app_context():
        store: CacheStore = cache_state.get(one).store
        cache.start(one)
        assert eventually(lambda: store.receives_invalidations())
        yield one
        cache.stop(one)
        db.session.remove()
        db.engine.dispose()


@pytest.fixture
def shop(app: Flask, redis_url: str, tmp_path: Path) -> Iterator[Flask]:
    """A shop that receives invalidations, with a product and five pages an hour for everybody."""
    make_product("Teapot", slug="teapot")
    with listening(app, redis_url, tmp_path / "own", STOREFRONT_LIMIT_BROWSE="5/hour") as one:
        yield one


def test_cached_page_costs_one_unit_and_has_headers(shop: Flask) -> None:
    client = shop.test_client()
    answers = [client.get("/products/teapot") for _ in range(7)]
    assert [answer.status_code for answer in answers] == [200] * 5 + [429] * 2
    assert [answer.headers["X-RateLimit-Remaining"] for answer in answers] == list("4321000")
    assert all("detail=L1" in answer.headers["Cache-Status"] for answer in answers[1:5])
    assert answers[4].headers["RateLimit-Policy"] == '"browse";q=5;w=3600'
    assert "Retry-After" not in answers[4].headers


def test_refused_cached_page_is_the_countdown_page(shop: Flask) -> None:
    client = shop.test_client()
    answers = [client.get("/products/teapot") for _ in range(6)]
    assert "<count-down" in answers[5].text
    assert 715 <= int(answers[5].headers["Retry-After"]) <= 720
    assert rate_limits.get(shop).statistics._events["browse", "refused"] <= 1  # decided once


def test_not_modified_page_carries_limit_headers(shop: Flask) -> None:
    client = shop.test_client()
    etag = client.get("/products/teapot").headers["ETag"]
    for left in "32":
        answer = client.get("/products/teapot", headers={"If-None-Match": etag})
        assert answer.status_code == 304
        assert answer.headers["X-RateLimit-Remaining"] == left


OWN = {"RateLimit-Policy", "RateLimit", "X-RateLimit-Remaining", "X-Request-ID"}


def own_fields(answer: TestResponse) -> set[str]:
    """Return the fields of an answer that belong to its visitor alone."""
    return {*OWN, "Set-Cookie", "Retry-After"} & set(answer.headers.keys())


def test_shared_cache_stores_no_field_of_one_visitor(shop: Flask) -> None:
    client = shop.test_client()
    cdn = {"Via": "1.1 cache.example"}
    built, cached = (client.get("/products/teapot", headers=cdn) for _ in range(2))
    assert "fwd=miss" in built.headers["Cache-Status"]
    assert "detail=L1" in cached.headers["Cache-Status"]
    renewal = {"If-None-Match": cached.headers["ETag"], "CDN-Loop": "cdn.example"}
    renewed = client.get("/products/teapot", headers=renewal)
    assert renewed.status_code == 304
    missing = client.get("/static/none.css", headers=cdn)
    for answer in (built, cached, renewed, missing):
        assert own_fields(answer) == set()
    assert own_fields(client.get("/cart", headers=cdn)) == OWN, "no cache may store a private page"
    assert own_fields(client.get("/products/teapot")) == OWN, "no cache between"
    refused = client.get("/products/teapot", headers=cdn)
    assert refused.status_code == 429
    assert own_fields(refused) == {*OWN, "Retry-After"}


def test_an_edge_gets_no_field_of_one_visitor(app: Flask, redis_url: str, tmp_path: Path) -> None:
    make_product("Teapot", slug="teapot")
    edge = {"STOREFRONT_EDGE": "fastly", "STOREFRONT_EDGE_SERVICE": "abc", "STOREFRONT_EDGE_TOKEN": "a" * 16}
    with listening(app, redis_url, tmp_path / "edge", **edge) as one:
        client = one.test_client()
        for _ in range(2):
            assert own_fields(client.get("/products/teapot")) == set()
        assert own_fields(client.get("/cart")) == OWN


def test_pages_are_cached_with_limits_switched_off(app: Flask, redis_url: str, tmp_path: Path) -> None:
    make_product("Teapot", slug="teapot")
    with listening(app, redis_url, tmp_path / "off", STOREFRONT_LIMITS="off") as one:
        client = one.test_client()
        client.get("/products/teapot")
        answer = client.get("/products/teapot")
        assert "detail=L1" in answer.headers["Cache-Status"]
        assert "RateLimit" not in answer.headers


def test_sixty_pages_at_once_are_never_refused(app: Flask, redis_url: str, tmp_path: Path) -> None:
    make_product("Teapot", slug="teapot")
    pages = ("/", "/products", "/products/teapot", "/products?sort=price&page=2", "/products?q=tea", "/cart")
    with listening(app, redis_url, tmp_path / "own") as shop:
        client = shop.test_client()
        for click in range(60):
            for address in (pages[click % len(pages)], "/me"):  # which each page asks for
                assert client.get(address).status_code == 200, f"click {click + 1}: {address}"


def test_requests_of_the_shop_itself_are_not_limited(shop: Flask) -> None:
    pages = [
        "/",
        "/products",
        "/products/teapot",
        *(f"/products?sort={by}" for by in ("price", "-price", "name")),
    ]
    with shop.app_context():
        assert list(warm_up.render(pages)) == [True] * 6


def test_cached_api_answers_need_redis_only_with_a_token(app: Flask, redis_url: str, tmp_path: Path) -> None:
    product = make_product("Teapot")
    with listening(app, redis_url, tmp_path / "own", STOREFRONT_LIMIT_API="50/hour") as shop:
        client, limits = shop.test_client(), rate_limits.get(shop)
        bearer = {"Authorization": f"Bearer {tokens.create_token('till', ['catalog:read'])}"}

        def decided_by(times: int, **headers: str) -> list[str]:
            seen: list[str] = []
            admit = limits.limiter.hit

            def noting(asks: Sequence[Hit], *, spend: bool = True) -> tuple[Verdict, Source]:
                verdict, source = admit(asks, spend=spend)
                seen.append(source)
                return verdict, source

            limits.limiter.hit = noting
            for _ in range(times):
                assert client.get(f"/api/v1/products/{product.id}", headers=headers).status_code == 200
            limits.limiter.hit = admit
            return seen

        decided_by(2)
        assert "memory" in decided_by(5)
        assert decided_by(10, **bearer) == ["redis"] * 10
        assert [client.get(f"/api/v1/products/{product.id}").status_code for _ in range(44)][-1] == 429
