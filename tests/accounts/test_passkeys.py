"""Passkeys: set up, as second factor, alone, and what is refused."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from storefront.accounts.second_factor import challenges
from storefront.accounts.second_factor.models import Passkey
from storefront.extensions import db
from tests.accounts.authenticator import ORIGIN, Authenticator
from tests.accounts.factors import STEP, add_passkey, options, recovery_codes
from tests.accounts.people import Browser, make_user

pytestmark = pytest.mark.any_database

ALONE = "/account/login/passkey"


@pytest.fixture
def passkey(browser: Browser, kim: int) -> Authenticator:
    """Kim's passkey, set up in `browser`."""
    browser.sign_in()
    passkey = Authenticator()
    assert len(recovery_codes(add_passkey(browser, passkey, "Green key"))) == 10
    return passkey


def stored() -> list[Passkey]:
    db.session.rollback()
    return list(db.session.scalars(select(Passkey).order_by(Passkey.id)))


def test_passkey_is_the_second_factor(app: Flask, browser: Browser, passkey: Authenticator) -> None:
    assert "Green key" in browser.get("/account/security").text
    new = Browser(app)
    step = new.sign_in().location
    proof = passkey.get(options(new.get(step), "get"))
    assert new.post(STEP, credential=proof).status_code == 303
    assert new.is_signed_in()
    assert stored()[0].last_used_at is not None
    assert stored()[0].sign_count == 2


def test_passkey_alone_signs_in(app: Flask, passkey: Authenticator) -> None:
    new = Browser(app)
    proof = passkey.get(options(new.get("/account/login?next=/cart"), "get"))
    answer = new.post(ALONE, credential=proof, next="/cart")
    assert (answer.status_code, answer.location) == (303, "/cart")
    assert new.is_signed_in()


def test_challenge_works_once(app: Flask, passkey: Authenticator) -> None:
    new = Browser(app)
    wanted = options(new.get("/account/login"), "get")
    first = passkey.get(wanted)
    assert new.post(ALONE, credential=first).status_code == 303
    new.client.delete_cookie("signin")
    assert new.post(ALONE, credential=passkey.get(wanted)).status_code == 422
    assert new.post(ALONE, credential=first).status_code == 422
    assert not new.is_signed_in()


def test_challenge_of_another_browser_is_refused(app: Flask, passkey: Authenticator) -> None:
    here, there = Browser(app), Browser(app)
    there.sign_in()
    proof = passkey.get(options(here.get(here.sign_in().location), "get"))
    assert there.post(STEP, credential=proof).status_code == 422
    assert here.post(STEP, credential=proof).status_code == 303


def test_old_challenge_is_refused(
    app: Flask, passkey: Authenticator, monkeypatch: pytest.MonkeyPatch
) -> None:
    new = Browser(app)
    proof = passkey.get(options(new.get("/account/login"), "get"))
    monkeypatch.setattr(challenges, "LIFETIME", timedelta(seconds=-1))
    assert new.post(ALONE, credential=proof).status_code == 422


@pytest.mark.parametrize(
    "origin", ["https://localhost", "http://localhost:8080", "http://evil.example", "null"]
)
def test_proof_of_another_origin_is_refused(app: Flask, passkey: Authenticator, origin: str) -> None:
    new = Browser(app)
    proof = passkey.get(options(new.get("/account/login"), "get"), origin)
    assert new.post(ALONE, credential=proof).status_code == 422
    assert passkey.get(options(new.get("/account/login"), "get"), ORIGIN) != proof


def test_authenticator_must_verify_the_person(app: Flask, browser: Browser, passkey: Authenticator) -> None:
    passkey.verifies = False
    new, other = Browser(app), Authenticator()
    proof = passkey.get(options(new.get("/account/login"), "get"))
    assert new.post(ALONE, credential=proof).status_code == 422
    other.verifies = False
    assert add_passkey(browser, other).status_code == 422
    assert len(stored()) == 1


def test_counter_that_went_back_is_refused(app: Flask, passkey: Authenticator) -> None:
    """The counter of a copied authenticator falls behind (WebAuthn, 6.1.1)."""
    passkey.count = 5
    for expected, count in ((True, None), (False, 5), (False, 3), (True, 7)):
        passkey.count = count or passkey.count
        new = Browser(app)
        new.post(ALONE, credential=passkey.get(options(new.get("/account/login"), "get")))
        assert new.is_signed_in() is expected


def test_passkey_of_another_account_is_refused(app: Flask, passkey: Authenticator) -> None:
    make_user("lee@example.com")
    lee, lees = Browser(app), Authenticator()
    lee.sign_in("lee@example.com")
    add_passkey(lee, lees)
    new = Browser(app)
    step = new.sign_in().location
    assert new.post(STEP, credential=lees.get(options(new.get(step), "get"))).status_code == 422
    assert not new.is_signed_in()
    assert add_passkey(lee, passkey).status_code == 422, "one passkey cannot belong to two accounts"


def test_passkeys_are_removed_one_by_one(app: Flask, browser: Browser, passkey: Authenticator) -> None:
    second = Authenticator()
    assert add_passkey(browser, second).location == "/account/security?said=passkey"
    first_id, second_id = (one.id for one in stored())
    make_user("lee@example.com")
    lee = Browser(app)
    lee.sign_in("lee@example.com")
    lee.post(f"/account/security/passkeys/{second_id}/removal")
    assert len(stored()) == 2
    browser.post(f"/account/security/passkeys/{first_id}/removal")
    new = Browser(app)
    new.post(ALONE, credential=passkey.get(options(new.get("/account/login"), "get")))
    assert not new.is_signed_in()
    new.post(ALONE, credential=second.get(options(new.get("/account/login"), "get")))
    assert new.is_signed_in()


@pytest.mark.parametrize(
    "answer",
    [
        "",
        "{}",
        "[]",
        "null",
        "x",
        '{"id": 1}',
        '{"id": "a", "rawId": "a", "response": {}}',
        "é" * 1000,
        "[" * 3000,
    ],
    ids=["empty", "object", "list", "null", "text", "number", "no response", "long", "deep"],
)
def test_invalid_answers_are_refused(app: Flask, browser: Browser, kim: int, answer: str) -> None:
    assert Browser(app).post(ALONE, credential=answer).status_code == 422
    browser.sign_in()
    assert browser.post("/account/security/passkeys", credential=answer).status_code == 422


def test_pages_say_where_passkeys_work(app: Flask, browser: Browser, kim: int) -> None:
    browser.options["base_url"] = "http://127.0.0.1:8000"
    assert "data-act" not in browser.get("/account/login").text
    browser.sign_in()
    assert "work only at http://localhost:" in browser.get("/account/security").text
