"""Password reset by a mailed link: signed, single use, and silent about which accounts exist."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from flask import Flask

from storefront.accounts import tokens
from tests.accounts.people import EMAIL, OTHER, PASSWORD, SAME_ORIGIN, Browser, last_link, stored_mails, user

pytestmark = pytest.mark.any_database


def test_reset_link_sets_a_password_once(app: Flask, browser: Browser, kim: int) -> None:
    thief = Browser(app)
    thief.sign_in()
    answer = browser.post("/account/reset", email=EMAIL)
    assert "This shop doesn’t send e-mail yet" in browser.get(answer.location).text
    path = last_link(app)
    assert EMAIL in browser.get(path).text
    answer = browser.post(path, password=OTHER)
    assert answer.location == "/account/login?said=new-password"
    assert "signed out on all devices" in browser.get(answer.location).text
    assert not thief.is_signed_in()
    assert "was changed" in stored_mails(app)[-1]["Subject"]
    for again in (browser.get(path), browser.post(path, password="a third password")):
        assert again.status_code == 410
    assert browser.sign_in(password=PASSWORD).status_code == 422
    assert browser.sign_in(password=OTHER).status_code == 303


def test_concurrent_use_of_a_reset_link_succeeds_once(app: Flask, kim: int) -> None:
    path = f"/account/reset/{tokens.sign(tokens.PasswordReset(kim, 1))}"

    def use(number: int) -> int:
        client = app.test_client()
        return client.post(path, data={"password": f"{OTHER} {number}"}, headers=SAME_ORIGIN).status_code

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(use, range(2))) == [303, 410]
    assert user(kim).generation == 2


def test_unknown_account_gets_same_answer_but_no_mail(app: Flask, browser: Browser, kim: int) -> None:
    known = browser.post("/account/reset", email=EMAIL)
    unknown = browser.post("/account/reset", email="nobody@example.com")
    assert known.status_code == unknown.status_code == 303
    assert known.location.partition("=")[0] == unknown.location.partition("=")[0]
    assert dict(known.headers).keys() == dict(unknown.headers).keys()
    assert len(stored_mails(app)) == 1


def test_new_password_invalidates_older_reset_links(app: Flask, browser: Browser, kim: int) -> None:
    browser.post("/account/reset", email=EMAIL)
    older = last_link(app)
    browser.post("/account/reset", email=EMAIL)
    browser.post(last_link(app), password=OTHER)
    assert browser.get(older).status_code == 410


def test_a_bad_form_is_422(app: Flask, browser: Browser, kim: int) -> None:
    assert browser.post("/account/reset", email="nothing").status_code == 422
    browser.post("/account/reset", email=EMAIL)
    path = last_link(app)
    answer = browser.post(path, password="short")
    assert answer.status_code == 422
    assert "at least 10" in answer.text
    assert browser.post(path, password=OTHER).status_code == 303, "an invalid form does not use the link up"


def test_reset_signs_this_browser_out_too(app: Flask, browser: Browser, kim: int) -> None:
    browser.sign_in()
    browser.post("/account/reset", email=EMAIL)
    browser.post(last_link(app), password=OTHER)
    assert not browser.is_signed_in()
