"""Private and staff pages are never cached as public ones, whatever their addresses look like."""

from __future__ import annotations

import re
from typing import Any

import pytest
from flask import Flask

from tests.accounts.people import PASSWORD, Browser, make_user
from tests.factories import make_product

pytestmark = pytest.mark.any_database

NAME = "Kim Quillfeather"
PRIVATE = ("/account", "/account/devices", "/account/addresses", "/cart", "/me")
# Some caches take such addresses for files (Gil, "Web Cache Deception", 2017).
DECEPTIONS = (
    "{}/x.css",
    "{}/x.js",
    "{}.css",
    "{};x.css",
    "{}%2Fx.css",
    "{}%3Bx.css",
    "{}%23x.css",
    "{}%3Fx.css",
    "{}%00.css",
    "{}/..%2Fstatic/x.css",
    "/static/..%2F{}",
    "/static/../{}",
    "/products/..%2F..{}",
    "{}?x.css",
    "{}/?x.css",
    "/{}",
    "{}%0A.css",
    "{}\\x.css",
)


@pytest.fixture
def kim(app: Flask) -> Browser:
    make_user(name=NAME)
    browser = Browser(app)
    assert browser.sign_in().status_code == 303
    assert NAME in browser.get("/account").text
    return browser


def test_private_page_with_file_extension_does_not_exist(kim: Browser, app: Flask) -> None:
    stranger = Browser(app)
    for path in (form.format(p if form[0] == "{" else p.lstrip("/")) for form in DECEPTIONS for p in PRIVATE):
        answer = kim.get(path)
        control = answer.headers.get("Cache-Control", "")
        shows = NAME in answer.text or "cart_quantity" in answer.text
        assert "no-store" in control if shows else answer.status_code in (200, 301, 303, 308, 404), path
        assert "public" not in control, (path, answer.status_code)
        assert NAME not in stranger.get(path).text, path


def test_office_pages_are_private_and_hidden(app: Flask) -> None:
    make_user("staff@example.com", staff=True)
    make_user("customer@example.com")
    staff, stranger, kim = Browser(app), Browser(app), Browser(app)
    staff.sign_in("staff@example.com")
    kim.sign_in("customer@example.com")
    guarded = [
        rule
        for rule in app.url_map.iter_rules()
        if getattr(app.view_functions[rule.endpoint], "permission", None) and "GET" in (rule.methods or ())
    ]
    assert {"cache.dashboard", "rate_limiting.dashboard", "admin_stock.show"} <= {r.endpoint for r in guarded}
    for rule in guarded:
        path = re.sub(r"<[^>]*>", "1", rule.rule)
        for _ in range(2):
            answer = staff.get(path)
            assert answer.headers.get("Cache-Control") == "private, no-store", (path, answer.status_code)
            assert "Cache-Status" not in answer.headers, path
            answer.close()  # a file that is written while it is sent ends here
            assert stranger.get(path).location.startswith("/account/login?next="), path
            assert kim.get(path).status_code == 404, path


HOSTILE = "x\r\nSet-Cookie: evil=1\r\n\r\n<script>alert(1)</script>"


def test_no_input_can_inject_a_header(app: Flask) -> None:
    make_user()
    make_product("Mug")
    browser = Browser(app)
    answers: list[Any] = [
        browser.get("/products", query_string={"q": HOSTILE, "category": HOSTILE, "vendor": HOSTILE}),
        browser.get("/products/mug", query_string={"variant": HOSTILE}),
        browser.get("/products/" + HOSTILE.replace("\r\n", "%0d%0a")),
        browser.get("/categories/" + HOSTILE.replace("\r\n", "%0d%0a")),
        browser.get("/account/login", query_string={"next": HOSTILE}),
        browser.post("/account/login", email="kim@example.com", password=PASSWORD, next=HOSTILE),
        browser.post("/account/login", email=HOSTILE, password=HOSTILE, next=f"/products%0d%0a{HOSTILE}"),
        browser.post("/cart/lines", sku=HOSTILE, quantity=HOSTILE),
        browser.get("/admin/stock", query_string={"sku": HOSTILE}),
        browser.get("/stock/stream", query_string={"product": HOSTILE}),
    ]
    for answer in answers:
        assert answer.status_code < 500, answer.request.path
        assert all("evil" not in cookie for cookie in answer.headers.getlist("Set-Cookie"))
        assert all("\r" not in value and "\n" not in value for value in answer.headers.values())
        assert "<script>alert" not in answer.text


def test_cookies_over_tls_have_secure_attributes(app: Flask) -> None:
    make_user()
    product = make_product("Mug")
    client = app.test_client()
    about: dict[str, Any] = {"base_url": "https://localhost", "headers": {"Sec-Fetch-Site": "same-origin"}}
    sku = product.variants[0].sku
    client.post("/cart/lines", data={"sku": sku, "quantity": "1"}, **about)
    answers = [
        client.post("/cart/lines", data={"sku": sku, "quantity": "1"}, **about),
        client.post("/account/login", data={"email": "kim@example.com", "password": PASSWORD}, **about),
        client.post("/account/logout", **about),
    ]
    cookies = [cookie for answer in answers for cookie in answer.headers.getlist("Set-Cookie")]
    assert {cookie.partition("=")[0] for cookie in cookies} >= {"__Host-signin", "shopper"}
    for cookie in cookies:
        flags = cookie.split("; ")[1:]
        assert {"Secure", "SameSite=Lax", "Path=/"} <= set(flags), cookie
        assert not any(flag.startswith("Domain") for flag in flags), cookie
        # "shopper" only says that /me has something to show; it is the one cookie that scripts may read.
        assert cookie.startswith(("shopper=1;", "shopper=;")) or "HttpOnly" in flags, cookie
        assert cookie.startswith(("shopper", "__Host-")), cookie
