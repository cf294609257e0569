"""Registration by a mailed link; the response is the same if the account exists."""

from __future__ import annotations

import re
import time

import pytest
from flask import Flask
from sqlalchemy import func, select

from storefront import accounts
from storefront.accounts import tokens
from storefront.accounts.models import User
from storefront.extensions import db
from tests.accounts.people import EMAIL, PASSWORD, Browser, last_link, make_user, stored_mails


def count() -> int:
    db.session.rollback()
    return db.session.execute(select(func.count(User.id))).scalar_one()


def test_registration_link_creates_account_and_signs_in(app: Flask, browser: Browser) -> None:
    heard: list[int] = []

    def hear(_: object, user: accounts.Shopper) -> None:
        heard.append(user.id)

    answer = browser.post("/account/register", email="Kim@Example.com", next="/cart")
    assert answer.status_code == 303
    page = browser.get(answer.location).text
    assert "This shop doesn’t send e-mail yet" in page
    path = last_link(app)
    assert path not in page, "strangers may ask for a link, too"
    assert stored_mails(app)[-1]["To"] == EMAIL
    assert EMAIL in browser.get(path).text
    assert count() == 0, "opening the link creates nothing"
    with accounts.signed_in.connected_to(hear, app):
        answer = browser.post(path, name=" Kim  Lang\u0007 ", password=PASSWORD)
    assert (answer.status_code, answer.location) == (303, "/cart")
    account = browser.get("/account").text
    assert EMAIL in account
    assert 'value="Kim Lang"' in account
    assert len(heard) == 1


@pytest.mark.any_database
@pytest.mark.parametrize("path", ["//evil.example", "https://evil.example/", "/\\\\evil.example"])
def test_old_link_leads_to_own_paths_only(browser: Browser, path: str) -> None:
    token = tokens.sign(tokens.Registration(EMAIL, path))  # as a release without the check may have mailed it
    answer = browser.post(f"/account/register/{token}", password=PASSWORD)
    assert (answer.status_code, answer.location) == (303, "/account")


def test_registration_link_works_once(app: Flask, browser: Browser) -> None:
    browser.post("/account/register", email=EMAIL)
    path = last_link(app)
    assert browser.post(path, password=PASSWORD).status_code == 303
    for answer in (browser.get(path), browser.post(path, password="another password")):
        assert answer.status_code == 410
        assert "was already used" in answer.text
    assert count() == 1


def test_existing_account_gets_the_same_answer(app: Flask, browser: Browser) -> None:
    make_user()
    known = browser.post("/account/register", email=EMAIL)
    assert "You already have an account" in stored_mails(app)[-1]["Subject"]
    assert "/account/login" in last_link(app)
    new = browser.post("/account/register", email="new@example.com")
    assert (known.status_code, known.location[:30]) == (new.status_code, new.location[:30])
    assert nameless(known.text) == nameless(new.text)
    assert len(stored_mails(app)) == 2


def nameless(text: str) -> str:
    """Return a response without the id of the mail in it."""
    return re.sub(r"letter=\w+", "letter", text)


def test_concurrent_registrations_create_one_account(app: Flask, browser: Browser) -> None:
    token = tokens.sign(tokens.Registration(EMAIL, "/"))
    make_user()
    assert browser.post(f"/account/register/{token}", password=PASSWORD).status_code == 410
    assert count() == 1


@pytest.mark.any_database
@pytest.mark.parametrize(
    ("form", "sentence"),
    [
        ({"password": ""}, "Enter a password."),
        ({"password": "short"}, "at least 10 characters"),
        ({"password": "x" * 201}, "at most 200 characters"),
        ({"password": "aaaaaaaaaaaa"}, "too easy to guess"),
        ({"password": "1234567890"}, "too easy to guess"),
        ({"password": "Password123!"}, "This password is too common"),
        ({"password": EMAIL}, "Don’t use your name, your e-mail"),
        ({"password": "Kim Lang-Lang", "name": "kim lang-lang"}, "Don’t use your name"),
        ({"password": PASSWORD, "name": "x" * 101}, "up to 100 characters"),
    ],
)
def test_invalid_registration_is_422_and_creates_nothing(
    app: Flask, browser: Browser, form: dict[str, str], sentence: str
) -> None:
    token = tokens.sign(tokens.Registration(EMAIL, "/"))
    answer = browser.post(f"/account/register/{token}", **form)
    assert answer.status_code == 422
    assert sentence in answer.text
    assert count() == 0


@pytest.mark.any_database
def test_unicode_forms_of_a_password_are_equal(app: Flask, browser: Browser) -> None:
    make_user(password="cafe\u0301 au lait, please")
    assert browser.sign_in(password="caf\u00e9 au lait, please").status_code == 303


@pytest.mark.any_database
def test_a_long_password_counts_to_its_last_character(app: Flask, browser: Browser) -> None:
    long = "four pots of tea, and a cup for each guest; " * 4 + "and one more for my cook"
    assert len(long) == 200
    token = tokens.sign(tokens.Registration(EMAIL, "/"))
    assert browser.post(f"/account/register/{token}", password=long).status_code == 303
    assert Browser(app).sign_in(password=f"{long[:-1]}l").status_code == 422
    assert Browser(app).sign_in(password=long).status_code == 303


@pytest.mark.any_database
@pytest.mark.parametrize(
    "token", ["x", "a.b.c", "x" * 5000, ".eJw.x.y", "WyJyZWdpc3RyYXRpb24iXQ.aaaaaa.bbbb", "%00", "é"]
)
def test_forged_link_shows_a_page(browser: Browser, token: str) -> None:
    for room in ("register", "reset", "email"):
        assert browser.get(f"/account/{room}/{token}").status_code in (404, 410)
        assert browser.post(f"/account/{room}/{token}", password=PASSWORD).status_code in (404, 410)


@pytest.mark.any_database
def test_link_of_one_kind_works_for_no_other(browser: Browser, kim: int) -> None:
    reset = tokens.sign(tokens.PasswordReset(kim, 1))
    assert browser.get(f"/account/register/{reset}").status_code == 410
    assert browser.post(f"/account/email/{reset}").status_code == 410
    registration = tokens.sign(tokens.Registration(EMAIL, "/"))
    assert browser.get(f"/account/reset/{registration}").status_code == 410


@pytest.mark.any_database
def test_new_secret_key_invalidates_all_links(app: Flask, browser: Browser, kim: int) -> None:
    token = tokens.sign(tokens.PasswordReset(kim, 1))
    app.config["SECRET_KEY"] = "another secret"
    assert browser.get(f"/account/reset/{token}").status_code == 410


@pytest.mark.any_database
def test_link_expires_after_an_hour(
    app: Flask, browser: Browser, monkeypatch: pytest.MonkeyPatch, kim: int
) -> None:
    browser.post("/account/reset", email=EMAIL)
    path, now = last_link(app), time.time()
    monkeypatch.setattr("itsdangerous.timed.time.time", lambda: now + 3590)
    assert browser.get(path).status_code == 200
    monkeypatch.setattr("itsdangerous.timed.time.time", lambda: now + 3610)
    assert browser.get(path).status_code == 410
