"""Whole pages: the same for everybody, in the requested encoding, with headers that say where they came from."""

from __future__ import annotations

import gzip
import re

import brotli
import pytest
from flask import Flask, Response, make_response, session
from flask.testing import FlaskClient
from redis import Redis

from storefront import cache
from storefront.cache import page_cache
from storefront.cache.keys import page
from storefront.cache.state import cache_state
from storefront.cache.store import CacheStore
from storefront.shop_cache.keys import PRODUCT_LIST
from tests.cache.conftest import entries, entries_but_settings, get
from tests.factories import make_category, make_product
from tests.processes import eventually

pytestmark = pytest.mark.any_database

PUBLIC = (
    "/",
    "/products",
    "/products?q=mug",
    "/categories/cups",
    "/products/mug",
    "/products/none",
    "/products/old",
    "/sitemap.xml",
    "/sitemap-categories.xml",
    "/sitemap-1.xml",
)
STATUS = re.compile(
    r'storefront; (hit; ttl=-?\d+; key="[^"]+"; detail=(L1|L2)|fwd=miss(; stored; key="[^"]+")?)'
)


@pytest.fixture
def stocked(client: FlaskClient) -> FlaskClient:
    make_product("Mug", category=make_category("Cups"), variants=[{"sku": "MUG-1"}])
    make_product("Old", status="archived")
    return client


def test_every_public_page_has_its_cache_headers(stocked: FlaskClient) -> None:
    for address in PUBLIC:
        for expected in ("storefront; fwd=miss; stored", "storefront; hit"):
            headers = get(stocked, address, Accept_Encoding="br").headers
            assert headers["Cache-Status"].startswith(expected), address
            assert STATUS.fullmatch(headers["Cache-Status"]), headers["Cache-Status"]
            assert re.fullmatch(r'"[0-9a-f]{22}-br-[0-9a-f]{8}"', headers["ETag"])
            assert headers["Cache-Control"] == "public, max-age=0, must-revalidate"
            assert headers["CDN-Cache-Control"] == "max-age=1, stale-if-error=86400"
            assert headers["X-Accel-Expires"] == "1"
            assert headers["Vary"] == "Accept-Encoding"
            assert headers["Content-Encoding"] == "br"
            assert "everything" in headers["Surrogate-Key"].split()
            assert "Set-Cookie" not in headers
            for name in (
                "Content-Security-Policy",
                "X-Content-Type-Options",
                "Referrer-Policy",
                "X-Request-ID",
            ):
                assert headers.get(name), f"{name} on {address}"
        assert "Server-Timing" in headers


def test_encodings_share_the_page_and_differ_in_etag(stocked: FlaskClient, listening: CacheStore) -> None:
    for address in PUBLIC:
        for _ in range(2):  # first built, then cached
            br, zipped, plain = (get(stocked, address, Accept_Encoding=e) for e in ("br", "gzip", "identity"))
            assert brotli.decompress(br.data) == gzip.decompress(zipped.data) == plain.data
            assert all(int(r.headers["Content-Length"]) == len(r.data) for r in (br, zipped, plain))
            assert [r.headers.get("Content-Encoding") for r in (br, zipped, plain)] == ["br", "gzip", None]
            assert len({r.headers["ETag"] for r in (br, zipped, plain)}) == 3
            assert not any(r.headers["ETag"].startswith("W/") for r in (br, zipped, plain))


def test_known_etag_is_answered_304_at_every_level(stocked: FlaskClient, listening: CacheStore) -> None:
    for address in PUBLIC:
        etag = get(stocked, address, Accept_Encoding="gzip").headers["ETag"]
        for held in (etag, f'"other", {etag}'):
            response = get(stocked, address, Accept_Encoding="gzip", If_None_Match=held)
            assert (response.status_code, response.data) == (304, b"")
            assert response.headers["ETag"] == etag
            assert {"Cache-Control", "Vary", "Surrogate-Key", "Cache-Status"} <= set(response.headers.keys())
            assert not {"Content-Type", "Content-Encoding"} & set(response.headers.keys())
        assert get(stocked, address, Accept_Encoding="br", If_None_Match=etag).status_code != 304
        assert get(stocked, address, Accept_Encoding="gzip", If_None_Match='"x-gzip"').status_code != 304
        assert eventually(lambda address=address: "L1" in get(stocked, address).headers["Cache-Status"])


def test_visitors_with_cookies_get_the_shared_page(app: Flask, stocked: FlaskClient) -> None:
    for address in PUBLIC:
        answers = set()
        for name in ("a", "b"):
            visitor = app.test_client()
            visitor.set_cookie("session", name)
            visitor.set_cookie("basket", f"basket-of-{name}")
            response = get(
                visitor, address, Accept_Encoding="identity", User_Agent=name, X_Forwarded_For="1.2.3.4"
            )
            answers.add((response.data, response.headers["ETag"]))
        assert len(answers) == 1, address


def test_invalid_query_is_not_stored(stocked: FlaskClient, app: Flask, redis: Redis) -> None:
    get(stocked, "/products")  # stores what the list without the unreadable value prints
    before = entries(redis, app)
    response = get(stocked, "/products?min_price=cheap")
    assert "Enter a price such as" in response.text
    assert response.headers["Cache-Status"] == "storefront; fwd=bypass"
    assert entries(redis, app) == before


def sets_a_cookie() -> Response:
    response = make_response("hello")
    response.set_cookie("seen", "1")
    return response


def reads_the_session() -> str:
    return f"hello {session.get('name')}"


def writes_the_session() -> str:
    session["seen"] = True
    return "hello"


def is_private() -> Response:
    response = make_response("hello")
    response.cache_control.private = True
    return response


def must_not_be_stored() -> Response:
    response = make_response("hello")
    response.cache_control.no_store = True
    return response


def varies_by_cookie() -> Response:
    response = make_response("hello")
    response.vary.add("Cookie")
    return response


def is_streamed() -> Response:
    return Response(part for part in ("hel", "lo"))


UNSHAREABLE = [
    sets_a_cookie,
    reads_the_session,
    writes_the_session,
    is_private,
    must_not_be_stored,
    varies_by_cookie,
    is_streamed,
]


@pytest.fixture
def wrong(app: Flask) -> list[str]:
    """Addresses of views that are declared public but return unshareable responses."""
    for view in UNSHAREABLE:
        app.add_url_rule(f"/wrong/{view.__name__}", view_func=cache.public_page(PRODUCT_LIST)(view))
    return [f"/wrong/{view.__name__}" for view in UNSHAREABLE]


def test_unshareable_response_of_a_public_view_raises(app: Flask, redis: Redis, wrong: list[str]) -> None:
    for address in wrong:
        with pytest.raises(cache.NotPublicError, match=rf"^{address} .* is declared public"):
            get(app.test_client(), address)
    assert entries_but_settings(redis, app) == set()


def test_unshareable_response_is_never_stored(app: Flask, redis: Redis, wrong: list[str]) -> None:
    app.testing = False
    for address in wrong * 2:
        response = get(app.test_client(), address)
        assert response.status_code == 200
        assert response.headers["Cache-Control"] == "private, no-store"
        assert "ETag" not in response.headers
    assert entries_but_settings(redis, app) == set()


def test_each_build_of_the_shop_has_pages_of_its_own() -> None:
    made = [page("catalog.home", "", build, PRODUCT_LIST).key for build in ("1a2b", "3c4d")]
    assert made[0] != made[1], "pages of an older build must not be shown, nor those of other settings"


def test_every_catalogue_page_is_declared_public(app: Flask) -> None:
    """A page without the declaration would query the database for each request."""
    pictures_and_rules = {"catalog.media", "catalog.robots", "catalog.speculation_rules"}
    endpoints = {
        rule.endpoint
        for rule in app.url_map.iter_rules()
        if rule.endpoint.startswith("catalog.") and "GET" in (rule.methods or ())
    }
    assert pictures_and_rules < endpoints
    undeclared = {endpoint for endpoint in endpoints if page_cache.find_policy(app, endpoint) is None}
    assert undeclared == pictures_and_rules


def test_only_get_and_head_are_answered_from_the_cache(stocked: FlaskClient) -> None:
    get(stocked, "/products")
    assert stocked.post("/products").status_code == 405


def test_url_index_knows_stored_pages_only(app: Flask, stocked: FlaskClient, wrong: list[str]) -> None:
    app.testing = False

    def find(address: str) -> str | None:
        path, _, query = address.partition("?")
        environ = {
            "REQUEST_METHOD": "GET",
            "HTTP_HOST": "localhost",
            "PATH_INFO": path,
            "QUERY_STRING": query,
        }
        found = cache_state.get(app).url_index.find(environ)
        return found.key if found else None

    for address in ("/products?min_price=cheap", "/cart", *wrong):
        get(stocked, address)
        assert find(address) is None, address
    stored = get(stocked, "/products?sort=name&unknown=1")
    assert stored.headers["Cache-Status"].startswith("storefront; fwd=miss; stored")
    assert f'key="{find("/products?sort=name&unknown=1")}"' in stored.headers["Cache-Status"]
    assert find("/products?sort=name") is None, "another URL of the same page, which nobody has requested"
