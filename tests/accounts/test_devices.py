"""The list of an account's sign-ins: shown, ended one by one and all at once."""

from __future__ import annotations

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.exc import OperationalError

from storefront import accounts
from storefront.accounts import authentication, user_agents
from storefront.accounts.models import SignIn
from storefront.extensions import db
from tests.accounts.people import Browser, make_user

pytestmark = pytest.mark.any_database


def of(agent: str) -> int:
    db.session.rollback()
    return db.session.execute(select(SignIn.id).where(SignIn.device == agent)).scalar_one()


def test_list_shows_all_browsers_and_marks_this_one(app: Flask, browser: Browser, kim: int) -> None:
    browser.sign_in()
    Browser(app, agent="Chrome Android").sign_in()
    page = browser.get("/account/devices").text
    assert "Firefox on Linux</strong> (this device)" in page
    assert "Chrome on Android</strong><br>" in page


def test_ending_a_device_signs_it_out(app: Flask, browser: Browser, kim: int) -> None:
    other = Browser(app, agent="Chrome Android")
    browser.sign_in()
    other.sign_in()
    assert other.is_signed_in()
    answer = browser.post(f"/account/devices/{of('Chrome on Android')}/removal")
    assert "The device is signed out." in browser.get(answer.location).text
    assert not other.is_signed_in()
    assert other.cookie() is None
    assert browser.is_signed_in()
    assert "Chrome" not in browser.get("/account/devices").text


def test_ended_device_is_anonymous_in_all_rooms(
    app: Flask, browser: Browser, kim: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    def name() -> str | None:
        with app.test_request_context("/me", headers={"Cookie": f"signin={cookie}"}):
            db.session.rollback()
            found = accounts.current_user()
            return found.name if found else None

    other = Browser(app, agent="Chrome Android")
    browser.sign_in()
    other.sign_in()
    cookie = other.cookie()
    assert name() == name() == "Kim"
    browser.post(f"/account/devices/{of('Chrome on Android')}/removal")

    def away(*_: object, **__: object) -> None:
        raise OperationalError("SELECT", {}, Exception("the server is away"))

    with monkeypatch.context() as broken:
        broken.setattr("sqlalchemy.orm.Session.execute", away)
        with pytest.raises(OperationalError):
            name()  # the copy from before is not used, even while Redis is unavailable
    assert name() is None


def test_sign_in_of_another_account_cannot_be_ended(app: Flask, browser: Browser, kim: int) -> None:
    make_user("lee@example.com")
    lee = Browser(app, agent="Chrome Android")
    lee.sign_in("lee@example.com")
    browser.sign_in()
    browser.post(f"/account/devices/{of('Chrome on Android')}/removal")
    assert lee.is_signed_in()


def test_signing_out_everywhere_ends_all_sign_ins(app: Flask, kim: int) -> None:
    browsers = [Browser(app) for _ in range(3)]
    for one in browsers:
        one.sign_in(keep="1")
    answer = browsers[0].post("/account/devices/removal")
    assert "signed out on all devices" in browsers[0].get(answer.location).text
    assert [one.is_signed_in() for one in browsers] == [False] * 3
    assert browsers[0].sign_in().status_code == 303
    assert [one.is_signed_in() for one in browsers] == [True, False, False]


def test_signing_out_revokes_the_sign_in_in_sql(app: Flask, browser: Browser, kim: int) -> None:
    browser.sign_in()
    copied = browser.cookie()
    browser.post("/account/logout")
    browser.client.set_cookie("signin", str(copied))
    assert not browser.is_signed_in()


def test_oldest_of_too_many_sign_ins_is_deleted(app: Flask, kim: int) -> None:
    browsers = [Browser(app) for _ in range(4)]
    most, authentication.MAX_SIGN_INS = authentication.MAX_SIGN_INS, 3
    try:
        for one in browsers:
            one.sign_in()
    finally:
        authentication.MAX_SIGN_INS = most
    assert [one.is_signed_in() for one in browsers] == [False, True, True, True]


def test_user_agent_is_described_in_few_words() -> None:
    mac = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 Version/17.0 Safari/605.1.15"
    edge = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) Chrome/120.0.0.0 Safari/537.36 Edg/120.0"
    assert user_agents.describe(mac) == "Safari on Mac"
    assert user_agents.describe(edge) == "Edge on Windows"
    assert user_agents.describe("<script>alert(1)</script>" * 1000) == "A browser"
    assert user_agents.describe("") == "A browser"
