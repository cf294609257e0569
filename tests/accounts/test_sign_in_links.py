"""Sign-in links: for staff at the shop's own machine, and for nobody else."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select

from storefront.accounts import credentials, sign_in_links
from storefront.accounts.models import SignInLink, User
from storefront.extensions import db
from tests.accounts.people import OTHER, Browser, make_user, second_app, staff_browser, stored_mails

pytestmark = pytest.mark.any_database
FORWARDING = ("X-Forwarded-For", "X-Forwarded-Host", "X-Real-IP", "Forwarded", "Via", "CF-Connecting-IP")
LINK = re.compile(r"http://127\.0\.0\.1:\d+(/account/link/\S+)")


def link_path(output: str) -> str:
    found = LINK.search(output)
    assert found, output
    return found[1]


def make_link(app: Flask, email: str = "boss@example.com") -> str:
    made = app.test_cli_runner().invoke(args=["user", "link", email])
    assert made.exit_code == 0, made.output
    db.session.rollback()
    return link_path(made.output)


@pytest.fixture
def boss(app: Flask) -> int:
    return make_user("boss@example.com", staff=True)


def test_a_link_signs_staff_in_once(app: Flask, browser: Browser, boss: int) -> None:
    link = make_link(app)
    for _ in range(3):  # previews and prefetches
        page = browser.get(link)
        assert page.status_code == 200
        assert page.headers["Referrer-Policy"] == "same-origin", "the address is a secret"
        assert page.headers["Cache-Control"] == "private, no-store"
    assert not browser.is_signed_in()
    assert browser.post(link).location == "/admin"
    assert browser.get("/admin/system").status_code == 200
    for again in (browser, Browser(app)):
        for answer in (again.get(link), again.post(link)):
            assert answer.status_code == 410
            assert "flask user link EMAIL" in answer.text, "the page says how to get another"
    assert not again.is_signed_in()
    assert db.session.execute(select(SignInLink)).first() is None


def test_a_link_is_kept_as_digest_and_expires(
    app: Flask, browser: Browser, boss: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    link = make_link(app)
    [row] = db.session.execute(select(SignInLink)).scalars()
    assert row.digest not in link
    assert link.rpartition("/")[2] not in row.digest
    monkeypatch.setattr(sign_in_links, "LIFETIME", -timedelta(seconds=1))
    old = make_link(app)
    assert browser.get(old).status_code == 410
    assert browser.post(old).status_code == 410
    assert browser.get(link).status_code == 200


def test_a_new_password_voids_a_link(app: Flask, browser: Browser, boss: int) -> None:
    link = make_link(app)
    with app.test_request_context():
        assert credentials.change_credentials(boss, 1, password=OTHER)
    assert browser.post(link).status_code == 410
    assert not browser.is_signed_in()


def test_a_link_opens_nothing_through_a_proxy(app: Flask, browser: Browser, boss: int) -> None:
    link = make_link(app)
    for header in FORWARDING:
        answer = browser.client.post(link, headers={"Sec-Fetch-Site": "same-origin", header: "203.0.113.5"})
        assert answer.status_code == 403, header
        assert "on the machine that runs the shop" in answer.text
        assert "Set-Cookie" not in answer.headers
    assert browser.post(link).status_code == 303, "it was not used up"


def test_a_link_opens_nothing_under_another_name(app: Flask, boss: int) -> None:
    link = make_link(app)
    app.config["TRUSTED_HOSTS"] = ["laptop.test", "localhost"]
    for method in ("GET", "POST"):
        headers = {"Host": "laptop.test", "Sec-Fetch-Site": "same-origin"}
        assert app.test_client().open(link, method=method, headers=headers).status_code == 403


def test_pages_name_the_command_at_this_machine_only(app: Flask, browser: Browser, boss: int) -> None:
    assert "flask user link EMAIL" in browser.get("/account/login").text
    assert "flask user link" not in browser.client.get("/account/login", headers={"Via": "1.1 tunnel"}).text


def test_production_has_no_sign_in_links(app: Flask, boss: int, tmp_path: Path) -> None:
    link = make_link(app)
    settings = {"STOREFRONT_ENV": "production", "SECRET_KEY": "k" * 32, "TRUSTED_HOSTS": "localhost"}
    redis = {"REDIS_URL": app.config["REDIS_URL"]}
    with second_app(app, tmp_path / "production", **settings, **redis) as shop:
        refused = shop.test_cli_runner().invoke(args=["user", "link", "boss@example.com"])
        assert refused.exit_code == 1
        assert "no sign-in links in production" in refused.output
        stranger = Browser(shop)
        assert stranger.get(link).status_code == 404
        assert stranger.post(link).status_code == 404


def test_setup_makes_an_owner_in_a_shop_without_staff(app: Flask, browser: Browser) -> None:
    make_user(sign_in_links.OWNER)  # a customer, who must not become staff
    setup = ["setup", "--no-demo", "--bind", "127.0.0.1:0"]
    assert "not a valid port" in app.test_cli_runner().invoke(args=setup).output
    user, is_new = sign_in_links.find_or_create_staff()
    assert is_new
    assert user.email != sign_in_links.OWNER
    assert browser.post(link_path(sign_in_links.describe(user, "0.0.0.0:8000"))).status_code == 303
    assert browser.get("/admin/system").status_code == 200
    assert sign_in_links.find_or_create_staff() == (db.session.get_one(User, user.id), False)
    customer = Browser(app)
    customer.sign_in(sign_in_links.OWNER)
    assert customer.get("/admin/system").status_code == 404


def test_another_address_of_the_machine_gets_no_link(app: Flask, boss: int) -> None:
    user = db.session.get_one(User, boss)
    assert "No sign-in link" in sign_in_links.describe(user, "192.0.2.7:8000")
    assert "http://[::1]:8000/" in sign_in_links.describe(user, "[::1]:8000")


def test_letters_are_shown_to_staff_signed_in_by_link(app: Flask, browser: Browser, boss: int) -> None:
    by_password, stranger = Browser(app, "127.0.0.1"), Browser(app, "127.0.0.1")
    by_password.sign_in("boss@example.com")
    browser.post(make_link(app))
    pages = [
        each.get(each.post("/account/reset", email="boss@example.com").location).text
        for each in (browser, by_password, stranger)
    ]
    assert "Open its link" in pages[0]
    for page in pages[1:]:
        assert "Open its link" not in page
        assert "/account/reset/" not in page
        assert "This shop doesn’t send e-mail yet" in page
    shown = browser.post("/account/reset", email="boss@example.com").location
    assert "letter=" in shown
    assert "Open its link" not in stranger.get(shown).text, "the address of the page is not enough"
    nobody = stranger.post("/account/reset", email="nobody@example.com").location
    assert stranger.get(nobody).text == pages[2], "the page tells nothing about accounts"
    assert len(stored_mails(app)) == 4


def test_no_link_is_named_as_the_cause_of_an_invalidation(app: Flask) -> None:
    browser = staff_browser(app)
    page = browser.get("/admin/system/cache").text
    assert "by POST /account/link/&lt;token&gt;" in page
    assert page.count("/account/link/") == page.count("/account/link/&lt;token&gt;")
