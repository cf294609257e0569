"""All of a shop works below a path of its host; no request chooses the path."""

from __future__ import annotations

import ast
import http.client
import re
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pyotp
import pytest
from flask import Flask
from flask.testing import FlaskClient

from storefront.accounts.pages.sign_in import safe_path
from storefront.checkout import access
from storefront.errors import ConfigurationError
from storefront.web.same_origin import canonical_url
from tests.accounts.people import EMAIL, PASSWORD, SAME_ORIGIN, last_link, make_user, second_app
from tests.accounts.test_recent_proof import let_pass
from tests.conftest import make_app
from tests.factories import make_category, make_product
from tests.processes import ROOT, Shop, filled, gunicorn, served

pytestmark = pytest.mark.any_database

ADDRESS = re.compile(r'\b(?:href|src|action|data-me|data-cart|data-shelf)="([^"]*)"|\bsrcset="([^"]*)"')


@pytest.fixture
def below(app: Flask, tmp_path: Path) -> Iterator[Flask]:
    make_product("Mug", category=make_category("Cups"), variants=[{"sku": "TP", "on_hand": 9}], pictures=1)
    about = {"STOREFRONT_PREFIX": "/shop", "REDIS_URL": app.config["REDIS_URL"]}
    about["STOREFRONT_MEDIA_DIR"] = app.config["MEDIA_DIR"]
    with second_app(app, tmp_path / "below", **about) as shop:
        yield shop


class Visitor:
    """A browser that asks for whole URL paths of the host."""

    def __init__(self, app: Flask) -> None:
        self.client: FlaskClient = app.test_client()

    def open(self, path: str, method: str = "GET", headers: dict[str, str] | None = None, **form: str) -> Any:
        about = {**SAME_ORIGIN, **(headers or {})}
        return self.client.open(path, method=method, data=form, headers=about, base_url="http://localhost")


def addresses(html: str) -> set[str]:
    """Return the paths of this host that a page links to."""
    found = ADDRESS.findall(html)
    pictures = [part.split()[0] for _, group in found if group for part in group.split(",")]
    return {unescape(one) for one in [link for link, _ in found] + pictures if one.startswith("/")}


def test_a_form_that_is_sent_again_goes_below_the_prefix(below: Flask) -> None:
    boss = Visitor(below)
    make_user("boss@shop.example", staff=True)
    led = boss.open("/shop/admin/stock?code=TP", "POST", number="3").location
    going = led.partition("next=")[2].partition("&")[0]
    assert (
        boss.open(
            "/shop/account/login", "POST", email="boss@shop.example", password=PASSWORD, next=going
        ).location
        == "/shop/admin/carried-form"
    )
    assert 'action="/shop/admin/stock?code=TP"' in boss.open("/shop/admin/carried-form").text


def test_every_link_is_below_the_prefix(below: Flask) -> None:
    visitor, seen, waiting = Visitor(below), set[str](), ["/shop/"]
    while waiting:
        path = waiting.pop()
        if path in seen or len(seen) > 50:
            continue
        seen.add(path)
        answer = visitor.open(path)
        assert answer.status_code in (200, 303, 405), path
        location = answer.headers.get("Location")
        html = answer.text if answer.mimetype == "text/html" else ""
        answer.close()
        for one in addresses(html) | ({location} if location else set()):
            assert one.startswith("/shop/"), (path, one)
            if "logout" not in one:
                waiting.append(one.partition("#")[0])
    for part in ("/shop/products/mug", "/shop/static/", "/shop/media/", "/shop/cart", "/shop/account/login"):
        assert any(one.startswith(part) for one in seen), part


def test_pages_below_a_prefix_are_cached(below: Flask) -> None:
    visitor = Visitor(below)
    said = [visitor.open("/shop/products/mug").headers["Cache-Status"] for _ in range(2)]
    assert "stored" in said[0]
    assert "hit" in said[1]
    assert (
        'rel="canonical" href="http://127.0.0.1:8000/shop/products/mug"'
        in visitor.open("/shop/products/mug").text
    )


def test_forms_mail_and_sitemap_are_below_the_prefix(below: Flask) -> None:
    visitor = Visitor(below)
    make_user()
    assert visitor.open("/shop/account").location == "/shop/account/login?next=/account"
    signed_in = visitor.open(
        "/shop/account/login", "POST", email=EMAIL, password=PASSWORD, next="/account/devices"
    )
    assert signed_in.location == "/shop/account/devices"
    again = visitor.open("/shop/account/login?next=/shop/account/login")
    assert again.location == "/shop/account"
    assert visitor.open("/shop/cart/lines", "POST", sku="TP").location == "/shop/cart?said=added"
    assert visitor.open("/shop/me").json["cart_quantity"] == 1
    visitor.open("/shop/account/reset", "POST", email=EMAIL)
    assert last_link(below).startswith("/shop/account/reset/")
    with below.app_context():
        assert urlsplit(canonical_url("sign_in.login")).path == "/shop/account/login", (
            "of a command or a task"
        )
        assert urlsplit(access.shop_url()).path == "/shop"
    index = visitor.open("/shop/sitemap.xml").text
    part = re.findall(r"<loc>(.*?)</loc>", index)[-1]
    assert urlsplit(part).path.startswith("/shop/sitemap-")
    assert "/shop/products/mug</loc>" in visitor.open(urlsplit(part).path).text
    assert visitor.open("/shop/api/v1/openapi.json").json["servers"] == [{"url": "/shop"}]
    assert visitor.open("/shop/products//mug").location == "/shop/products/mug", "Werkzeug's own redirect"


def test_proof_and_set_up_stay_below_the_prefix(below: Flask) -> None:
    visitor = Visitor(below)
    make_user()
    visitor.open("/shop/account/login", "POST", email=EMAIL, password=PASSWORD)
    secret = visitor.open("/shop/account/security/app?next=/shop/account/devices").text
    offer = re.findall(r'name="offer" value="([^"]+)"', secret)[0]
    code = pyotp.TOTP(re.findall(r"account__key'>([A-Z2-7]+)<", secret)[0]).now()
    codes = visitor.open(
        "/shop/account/security/app", "POST", offer=offer, code=code, next="/account/devices"
    )
    assert 'href="/shop/account/devices">I’ve saved my codes' in codes.text
    let_pass()
    asked = visitor.open("/shop/account/devices/removal", "POST")
    assert 'action="/shop/account/devices/removal"' in asked.text
    done = visitor.open("/shop/account/devices/removal", "POST", proof_password=PASSWORD)
    assert done.location == "/shop/account/login?said=everywhere"


def test_only_the_whole_prefix_is_removed(app: Flask, tmp_path: Path) -> None:
    with second_app(
        app, tmp_path / "below", STOREFRONT_PREFIX="/ac", REDIS_URL=app.config["REDIS_URL"]
    ) as shop:
        for path, own in (
            ("/account/devices", "/account/devices"),
            ("/ac/account/devices", "/account/devices"),
            ("/ac//evil.example", "/account"),
            ("/ac", "/ac"),
        ):
            with shop.test_request_context("/"):
                assert safe_path(path) == own, path


def test_links_of_the_api_are_below_the_prefix(below: Flask) -> None:
    answer = Visitor(below).open("/shop/api/v1/products?page=2")
    assert answer.headers["Link"].startswith("</shop/api/v1/products?")


def test_paths_outside_the_prefix_are_no_pages(below: Flask) -> None:
    visitor = Visitor(below)
    for path in ("/", "/products", "/shopping", "/Shop/products", "/admin/system"):
        answer = visitor.open(path)
        assert answer.status_code == 404, path
        assert "Mug" not in answer.text
    assert visitor.open("/shop?x=1").location == "/shop/?x=1"
    assert visitor.open("/healthz").status_code == 200
    forged = {"X-Forwarded-Prefix": "/shop"}
    assert visitor.open("/products", headers=forged).status_code == 404, "no proxy is trusted"


def test_a_trusted_proxy_may_remove_the_prefix(app: Flask, tmp_path: Path) -> None:
    make_product("Mug")
    about = {"STOREFRONT_PREFIX": "/shop", "TRUSTED_PROXIES": "1", "REDIS_URL": app.config["REDIS_URL"]}
    with second_app(app, tmp_path / "below", **about) as shop:
        visitor = Visitor(shop)
        page = visitor.open("/products/mug", headers={"X-Forwarded-Prefix": "/shop"})
        assert page.status_code == 200
        assert page.data == visitor.open("/shop/products/mug").data, "one page, one entry of the cache"
        for other in ("/evil", "//evil.example", "/shop/x", ""):
            assert visitor.open("/products/mug", headers={"X-Forwarded-Prefix": other}).status_code == 404


@pytest.mark.parametrize(
    "wrong", ["shop", "/shop/", "//evil.example", "/a b", "/..", "/products", "/account/shop", "/"]
)
def test_a_wrong_prefix_stops_the_start(tmp_path: Path, wrong: str) -> None:
    with pytest.raises(ConfigurationError, match="STOREFRONT_PREFIX"):
        make_app(f"sqlite:///{tmp_path / 'x'}", tmp_path, STOREFRONT_PREFIX=wrong)


def test_a_script_name_of_a_server_is_refused(app: Flask, client: FlaskClient) -> None:
    make_product("Mug")
    clean = client.get("/products")
    for name in ("/evil", "//evil.example", "evil"):
        answer = client.get("/products", environ_overrides={"SCRIPT_NAME": name})
        assert answer.status_code == 400
        assert "evil" not in answer.text
    assert client.get("/products").data == clean.data


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory, redis_url: str) -> Iterator[Shop]:
    """A shop below /shop, served by gunicorn."""
    instance = tmp_path_factory.mktemp("prefix") / "instance"
    settings = {"STOREFRONT_PREFIX": "/shop", "REDIS_URL": redis_url, "STOREFRONT_CACHE_PREFIX": "prefix"}
    filled(instance, 3, **settings)
    with served(instance, *gunicorn(1), **settings) as shop:
        yield shop


def ask(shop: Shop, path: str, **headers: str) -> tuple[int, str, str]:
    """Return status, Cache-Status and text of an answer; underscores of header names stay."""
    connection = http.client.HTTPConnection(shop.url.removeprefix("http://"))
    try:
        connection.request("GET", path, headers=headers)
        answer = connection.getresponse()
        return answer.status, answer.headers.get("Cache-Status", ""), answer.read().decode()
    finally:
        connection.close()


@pytest.mark.slow
def test_gunicorn_believes_no_script_name(shop: Shop) -> None:
    clean = ask(shop, "/shop/products")
    for name in ("SCRIPT_NAME", "SCRIPT-NAME", "Script_Name", "PATH_INFO", "PATH-INFO"):
        for value in ("/shop/products", "/evil", "/shop"):
            status, _, page = ask(shop, "/shop/products", **{name: value})
            assert (status, page) == (clean[0], clean[2]), (name, value)
            assert ask(shop, "/evil/products", **{name: "/evil"})[0] == 404


@pytest.mark.slow
def test_the_worker_answers_cached_pages_below_a_prefix(shop: Shop) -> None:
    for _ in range(3):
        status, said, page = ask(shop, "/shop/products")
    assert status == 200
    assert "detail=L1" in said
    assert 'href="/shop/products' in page
    assert ask(shop, "/products")[0] == 404


def test_no_text_names_a_path_without_the_prefix(app: Flask) -> None:
    """Texts that name a path of the shop build it with add_prefix or url_for."""
    own = {rule.rule.split("/")[1] for rule in app.url_map.iter_rules()} - {"", "static"}
    named = re.compile(rf"(?:^|\s)/(?:{'|'.join(map(re.escape, own))})(?![\w-])")
    for file in sorted((ROOT / "storefront").rglob("*.py")):
        tree = ast.parse(file.read_text())
        described = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}  # docstrings
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in described:
                text = node.value.strip()
                assert " " not in text or not named.search(text), f"{file}:{node.lineno}: {text}"
