"""The names of cookies belong to one shop, and cookies of earlier versions are still understood."""

from __future__ import annotations

from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from storefront.errors import ConfigurationError
from storefront.extensions import db
from tests.accounts.people import EMAIL, PASSWORD, SAME_ORIGIN, make_user, second_app
from tests.conftest import make_app
from tests.factories import make_product

pytestmark = pytest.mark.any_database


class Jar:
    """The cookies of a host, which browsers keep together for all its ports."""

    def __init__(self) -> None:
        self.kept: dict[str, str] = {}

    def send(
        self, app: Flask, method: str, path: str, base_url: str = "http://localhost", **form: str
    ) -> str:
        """Send a request with all cookies, keep those of the answer, and return its text."""
        db.session.rollback()  # as in a process of its own
        cookies = "; ".join(f"{name}={value}" for name, value in self.kept.items())
        headers = {**SAME_ORIGIN, "Cookie": cookies}
        answer = app.test_client(use_cookies=False).open(
            path, method=method, data=form, headers=headers, base_url=base_url
        )
        self.keep(answer.headers.getlist("Set-Cookie"))
        return answer.text

    def keep(self, headers: list[str]) -> None:
        for header in headers:
            name, _, rest = header.partition("=")
            self.kept[name] = rest.partition(";")[0]
            if "Max-Age=0" in header:
                del self.kept[name]


def quantity(app: Flask, jar: Jar, base_url: str = "http://localhost") -> str:
    return jar.send(app, "GET", "/me", base_url).partition('"cart_quantity":')[2].split(",")[0].strip()


def test_two_shops_on_one_host_keep_their_baskets(app: Flask, tmp_path: Path) -> None:
    make_product(variants=[{"sku": "TP"}])
    make_user()
    redis = {"REDIS_URL": app.config["REDIS_URL"], "STOREFRONT_COOKIE_NAME": ""}
    with (
        second_app(app, tmp_path / "one", SECRET_KEY="one" * 10, **redis) as one,
        second_app(app, tmp_path / "two", SECRET_KEY="two" * 10, **redis) as two,
    ):
        jar = Jar()
        for shop in (one, two):
            jar.send(shop, "POST", "/cart/lines", sku="TP")
            jar.send(shop, "POST", "/account/login", email=EMAIL, password=PASSWORD)
        jar.send(one, "POST", "/account/logout")
        assert [quantity(shop, jar) for shop in (one, two)] == ["0", "1"]
        assert '"signed_in":true' in jar.send(two, "GET", "/me").replace(" ", "")
        jar.send(one, "POST", "/cart/lines", sku="TP")
        assert [quantity(shop, jar) for shop in (one, two)] == ["1", "1"]


def test_names_are_the_same_in_all_processes_of_a_shop(app: Flask, tmp_path: Path) -> None:
    def names(folder: str, **environ: str) -> set[str]:
        about = {"REDIS_URL": app.config["REDIS_URL"], "STOREFRONT_COOKIE_NAME": "", **environ}
        with second_app(app, tmp_path / folder, **about) as shop:
            jar = Jar()
            jar.send(shop, "POST", "/cart/lines", sku="TP")
            page = jar.send(shop, "GET", "/")
            assert all(f'data-cookie="{name}"' in page for name in jar.kept if name.startswith("shopper"))
            return {name.partition(".")[0] for name in jar.kept}

    make_product(variants=[{"sku": "TP"}])
    assert names("a") == names("b") != names("c", SECRET_KEY="another secret")
    assert names("d", STOREFRONT_COOKIE_NAME="tea") == {"cart-tea", "shopper-tea"}


def test_cookies_of_an_earlier_version_are_renamed(app: Flask, client: FlaskClient, tmp_path: Path) -> None:
    for scheme in ("http", "https"):
        base = f"{scheme}://localhost"
        sku = make_product(variants=[{}]).variants[0].sku
        email = f"{scheme}@example.com"
        make_user(email)
        earlier = Jar()
        earlier.send(app, "POST", "/cart/lines", base, sku=sku)
        earlier.kept = {name: value for name, value in earlier.kept.items() if "." not in name}
        guest = dict(earlier.kept)
        earlier.send(app, "POST", "/account/login", base, email=email, password=PASSWORD)
        about = {"REDIS_URL": app.config["REDIS_URL"], "STOREFRONT_COOKIE_NAME": "tea"}
        with second_app(app, tmp_path / scheme, **about) as shop:
            public = shop.test_client(use_cookies=False).get(
                "/", headers={"Cookie": "; ".join(f"{a}={b}" for a, b in earlier.kept.items())}, base_url=base
            )
            assert "Set-Cookie" not in public.headers, "a shared page renames nothing"
            me = earlier.send(shop, "GET", "/me", base).replace(" ", "")
            assert '"signed_in":true' in me
            assert '"cart_quantity":1' in me
            assert any(name.endswith("signin-tea") for name in earlier.kept)
            earlier.kept = {name: value for name, value in earlier.kept.items() if name.endswith("-tea")}
            assert '"signed_in":true' in earlier.send(shop, "GET", "/me", base).replace(" ", "")
            earlier.kept |= guest  # as before the sign-in
            earlier.send(shop, "POST", "/account/logout", base)
            assert '"signed_in":false' in earlier.send(shop, "GET", "/me", base).replace(" ", "")


def test_signing_out_removes_the_earlier_cookie_too(app: Flask, tmp_path: Path) -> None:
    make_user()
    jar = Jar()
    jar.send(app, "POST", "/account/login", email=EMAIL, password=PASSWORD)
    about = {"REDIS_URL": app.config["REDIS_URL"], "STOREFRONT_COOKIE_NAME": "tea"}
    with second_app(app, tmp_path / "tea", **about) as shop:
        jar.send(shop, "POST", "/account/logout")
        assert not {name for name in jar.kept if "signin" in name}


def test_a_basket_under_both_names_is_merged(app: Flask, tmp_path: Path) -> None:
    for sku in ("A", "B"):
        make_product(variants=[{"sku": sku}])
    jar = Jar()
    jar.send(app, "POST", "/cart/lines", sku="A")
    former = dict(jar.kept)
    about = {"REDIS_URL": app.config["REDIS_URL"], "STOREFRONT_COOKIE_NAME": "tea"}
    with second_app(app, tmp_path / "tea", **about) as shop:
        jar.kept = {}
        jar.send(shop, "POST", "/cart/lines", sku="B")
        jar.kept |= former
        assert quantity(shop, jar) == "2"
        assert "cart" not in jar.kept


@pytest.mark.parametrize(("path", "name"), [("/", "__Host-cart-tea"), ("/shop", "__Secure-cart-tea")])
def test_a_path_of_its_own_needs_another_prefix(app: Flask, tmp_path: Path, path: str, name: str) -> None:
    make_product(variants=[{"sku": "TP"}])
    about = {"STOREFRONT_COOKIE_NAME": "tea", "STOREFRONT_COOKIE_PATH": path}
    with second_app(app, tmp_path / "tea", REDIS_URL=app.config["REDIS_URL"], **about) as shop:
        client = shop.test_client()
        answer = client.post(
            "/cart/lines", data={"sku": "TP"}, headers=SAME_ORIGIN, base_url="https://localhost"
        )
        cart = next(each for each in answer.headers.getlist("Set-Cookie") if each.startswith(f"{name}="))
        assert f"Path={path};" in f"{cart};"
        assert "Secure" in cart


def test_wrong_cookie_settings_stop_the_start(tmp_path: Path) -> None:
    for wrong in ({"STOREFRONT_COOKIE_NAME": "a b"}, {"STOREFRONT_COOKIE_PATH": "shop"}):
        with pytest.raises(ConfigurationError, match=next(iter(wrong))):
            make_app(f"sqlite:///{tmp_path / 'x'}", tmp_path, **wrong)
