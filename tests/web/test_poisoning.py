"""Cache poisoning: no request can change what the next visitor gets."""

from __future__ import annotations

from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import EnvironBuilder

from storefront.cache import invalidate_on_commit
from storefront.cache.keys import EVERYTHING
from storefront.edge.fast_path import fast_path
from storefront.extensions import write_transaction
from tests.factories import make_category, make_product
from tests.rate_limiting.test_edge import listening

pytestmark = pytest.mark.any_database

EVIL = "evil.example"
PAGES = (
    "/",
    "/products",
    "/products?q=mug",
    "/categories/cups",
    "/products/mug",
    "/products/none",
    "/sitemap.xml",
    "/sitemap-1.xml",
)
# Headers that change the answers of some servers, though they are not part of any cache key.
UNKEYED = (
    *(
        {name: EVIL}
        for name in (
            "Host",
            "X-Forwarded-Host",
            "X-Host",
            "X-Forwarded-Server",
            "X-HTTP-Host-Override",
            "X-Original-Host",
            "X-Forwarded-Prefix",
            "X-Forwarded-For",
            "X-Real-IP",
            "Origin",
            "Referer",
            "User-Agent",
            "X-Request-ID",
            "Accept-Language",
            "X-Wap-Profile",
            "Transfer-Encoding-X",
            "True-Client-IP",
        )
    ),
    {"Forwarded": f"for=1.2.3.4;host={EVIL};proto=https"},
    {"X-Forwarded-Proto": "https", "X-Forwarded-Port": "444", "X-Forwarded-Scheme": "nothttps"},
    {"X-Original-URL": "/account", "X-Rewrite-URL": "/account"},
    {"X-HTTP-Method-Override": "POST", "X-HTTP-Method": "DELETE", "X-Method-Override": "PUT"},
    {"Cookie": f"session={EVIL}; signin={EVIL}; shopper=1; cart={EVIL}"},
    {"Authorization": f"Bearer {EVIL}"},
    {"Accept": "application/json", "X-Requested-With": "XMLHttpRequest"},
    {"Range": "bytes=0-3"},
    {"Accept-Encoding": "evil, gzip;q=0"},
    {"Cache-Control": "no-store", "Pragma": "no-cache", "X-Cache-Hash": EVIL},
    {"If-None-Match": "*"},
    {"If-Modified-Since": "Wed, 21 Oct 2099 07:28:00 GMT"},
)
ODD = (
    f"utm_source={EVIL}",
    f"callback={EVIL}",
    f"_method=POST&next={EVIL}",
    f"%00={EVIL}",
    f"a;q={EVIL}",
    f"x[]={EVIL}",
    f"__proto__[x]={EVIL}",
    "&&&=",
    f"{EVIL}",
    f"utm_content=1;q={EVIL}",
)


@pytest.fixture
def stocked(client: FlaskClient) -> FlaskClient:
    client.application.config["TRUSTED_HOSTS"] = ["localhost", EVIL]  # even of hosts that the shop answers to
    make_product("Mug", category=make_category("Cups"))
    return client


def empty_the_cache() -> None:
    with write_transaction() as session:
        invalidate_on_commit(session, EVERYTHING, cause="test")


def seen(client: FlaskClient, page: str) -> tuple[int, bytes]:
    answer = client.get(page, headers={"Accept-Encoding": "identity"})
    return answer.status_code, answer.data


def test_headers_outside_the_key_do_not_poison_pages(stocked: FlaskClient) -> None:
    clean = {page: seen(stocked, page) for page in PAGES}
    assert all(EVIL.encode() not in body for _, body in clean.values())
    for headers in UNKEYED:
        empty_the_cache()
        for page in PAGES:
            answer = stocked.get(page, headers=headers)
            assert answer.status_code in (clean[page][0], 304), (page, headers)
            assert EVIL not in str(answer.headers), (page, headers)
            assert seen(stocked, page) == clean[page], (page, headers)


def test_unknown_parameters_do_not_poison_pages(stocked: FlaskClient) -> None:
    for page in PAGES:
        clean = seen(stocked, page)
        for odd in ODD:
            empty_the_cache()
            assert seen(stocked, f"{page}{'&' if '?' in page else '?'}{odd}") == clean, (page, odd)
            assert seen(stocked, page) == clean, (page, odd)


def test_repeated_parameter_does_not_poison_pages(stocked: FlaskClient) -> None:
    make_product("Jug")
    one, other = seen(stocked, "/products?q=mug"), seen(stocked, "/products?q=jug")
    assert one != other
    for first, second in (("mug", "jug"), ("jug", "mug")):
        empty_the_cache()
        stocked.get(f"/products?q={first}&q={second}")
        stocked.get(f"/products?q={first}&%71={second}")
        assert (seen(stocked, "/products?q=mug"), seen(stocked, "/products?q=jug")) == (one, other)


def test_get_body_and_head_do_not_poison_pages(stocked: FlaskClient) -> None:
    clean = {page: seen(stocked, page) for page in PAGES}
    empty_the_cache()
    for page in PAGES:
        stocked.get(page, data={"q": EVIL, "page": "7", "sort": "name"})
        stocked.head(page)
    assert {page: seen(stocked, page) for page in PAGES} == clean


def test_unknown_host_is_refused_and_not_stored(app: Flask, client: FlaskClient) -> None:
    app.config["TRUSTED_HOSTS"] = ["localhost"]
    clean = seen(client, "/products")
    empty_the_cache()
    for host in (EVIL, f"localhost.{EVIL}", f"localhost:80@{EVIL}", "localhost, evil.example", ""):
        refused = client.get("/products", headers={"Host": host})
        assert refused.status_code == 400, host
        assert "public" not in refused.headers.get("Cache-Control", ""), host
    assert seen(client, "/products") == clean


def test_a_page_in_memory_does_not_answer_unknown_hosts(app: Flask, redis_url: str, tmp_path: Path) -> None:
    make_product("Mug")
    with listening(app, redis_url, tmp_path / "own", TRUSTED_HOSTS="shop.example") as shop:
        client = shop.test_client()
        for _ in range(2):
            trusted = client.get("/products/mug", headers={"Host": "shop.example"})
        assert "detail=L1" in trusted.headers["Cache-Status"]
        # The next two layers answer before the request reaches Flask, which checks the host.
        assert client.get("/products/mug", headers={"Host": EVIL}).status_code == 400
        environ = EnvironBuilder("/products/mug", headers={"Host": "shop.example"}).get_environ()
        environ["REMOTE_ADDR"] = "127.0.0.1"
        assert (fast_path.get(shop).answer(environ) or b"").startswith(b"HTTP/1.1 200")
        assert fast_path.get(shop).answer(environ | {"HTTP_HOST": EVIL}) is None


def test_public_redirect_names_no_host(stocked: FlaskClient) -> None:
    for path in ("/products/", "/categories/cups/", "//evil.example/products", "/products//mug"):
        answer = stocked.get(path, headers={"Host": EVIL, "X-Forwarded-Host": EVIL})
        assert not answer.headers.get("Location", "/").startswith(("http", "//")), path
