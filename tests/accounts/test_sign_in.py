"""Sign-in and sign-out: who gets in, what the responses are, and what an attacker learns."""

from __future__ import annotations

import base64
import json
import re
import statistics
import time

import pytest
from flask import Flask, session
from sqlalchemy import select, update

from storefront import accounts
from storefront.accounts import credentials, passwords
from storefront.accounts.models import SignIn, User
from storefront.accounts.queries import Shopper
from storefront.extensions import db, write_transaction
from tests.accounts.people import EMAIL, PASSWORD, SAME_ORIGIN, Browser, make_user, user

pytestmark = pytest.mark.any_database


def test_account_signs_in_and_out(browser: Browser, kim: int) -> None:
    assert browser.get("/account").location == "/account/login?next=/account"
    answer = browser.sign_in()
    assert (answer.status_code, answer.location) == (303, "/account")
    assert EMAIL in browser.get("/account").text
    answer = browser.post("/account/logout")
    assert answer.location == "/account/login?said=signed-out"
    assert "You’re signed out." in browser.get(answer.location).text
    assert browser.cookie() is None
    assert not browser.is_signed_in()


def test_browser_that_keeps_no_cookies_is_told_so(app: Flask, kim: int) -> None:
    keeps, forgets = app.test_client(), app.test_client(use_cookies=False)
    from_form = SAME_ORIGIN | {"Referer": "http://localhost/account/login"}
    for client in (keeps, forgets):
        form = {"email": EMAIL, "password": PASSWORD, "next": "/account/devices"}
        answer = client.post("/account/login", data=form, headers=from_form)
        assert answer.location == "/account/login?next=/account/devices&said=proven"
    assert keeps.get(answer.location).location == "/account/devices"
    assert "your browser blocks cookies" in forgets.get(answer.location).text
    step = forgets.get("/account/login/second-factor", headers=from_form)
    assert "your browser blocks cookies" in forgets.get(step.location).text
    assert "cookies" not in forgets.get("/account/login/second-factor", follow_redirects=True).text


def test_email_is_case_folded(browser: Browser, kim: int) -> None:
    assert browser.sign_in(email="  Kim@EXAMPLE.com ").status_code == 303


@pytest.mark.parametrize("path", ["/account/logout", "/account/name", "/account/devices/removal"])
def test_get_requests_change_nothing(browser: Browser, kim: int, path: str) -> None:
    browser.sign_in()
    assert browser.get(path).status_code == 405
    assert browser.is_signed_in()


@pytest.mark.parametrize(
    ("form", "sentence"),
    [
        ({}, "Enter your e-mail address."),
        ({"email": EMAIL}, "Enter a password."),
        ({"email": "kim", "password": "x"}, "Enter a valid e-mail address"),
        ({"email": "a@b\x00.c", "password": "x"}, "Enter a valid e-mail address"),
        ({"email": f"{'x' * 300}@example.com", "password": "x"}, "Enter a valid e-mail address"),
        ({"email": EMAIL, "password": "wrong"}, "Incorrect e-mail address or password"),
        ({"email": EMAIL, "password": "\x00"}, "Incorrect e-mail address or password"),
        ({"email": EMAIL, "password": "x" * 10_000}, "Incorrect e-mail address or password"),
        ({"email": "nobody@example.com", "password": PASSWORD}, "Incorrect e-mail address or password"),
    ],
)
def test_invalid_sign_in_is_422_with_a_sentence(
    browser: Browser, kim: int, form: dict[str, str], sentence: str
) -> None:
    answer = browser.post("/account/login", **form)
    assert answer.status_code == 422
    assert sentence in answer.text
    assert 'role="alert"' in answer.text
    assert "Set-Cookie" not in answer.headers


def test_undecodable_cookie_is_anonymous(app: Flask, kim: int) -> None:
    for path in ("/me", "/account/login", "/cart"):
        answer = app.test_client(use_cookies=False).get(path, headers={"Cookie": "signin=\xff; cart=\xff"})
        assert answer.status_code == 200, path


def test_error_is_linked_to_its_field(browser: Browser) -> None:
    page = browser.post("/account/login", email="kim", password="").text
    assert 'aria-describedby="email-wrong" aria-invalid="true"' in page
    assert 'id="email-wrong"' in page
    assert 'value="kim"' in page
    assert 'aria-describedby="password-wrong"' in page


def test_wrong_password_is_never_shown_again(browser: Browser, kim: int) -> None:
    assert "correct horse" not in browser.sign_in(password="correct horse").text


@pytest.mark.usefixtures("shipped_hashes")
def test_unknown_account_gets_same_answer_in_same_time(app: Flask, kim: int) -> None:
    def ask(email: str, number: int) -> tuple[float, int, str]:
        browser = Browser(app, f"198.51.100.{number}")
        started = time.perf_counter()
        answer = browser.sign_in(email=email, password="not the password")
        page = re.sub(r'data-options="[^"]*"', "", answer.text)  # a new challenge for each page
        return time.perf_counter() - started, answer.status_code, page.replace(email, "")

    ask("warm-up@example.com", 250)
    pairs = [(ask(EMAIL, n), ask("nobody@example.com", n + 100)) for n in range(1, 8)]
    assert len({(status, text) for pair in pairs for _, status, text in pair}) == 1
    known, unknown = (statistics.median(pair[side][0] for pair in pairs) for side in (0, 1))
    assert 0.2 < known / unknown < 5, "without a hash for unknown accounts it would be a hundred times faster"


def test_planted_session_is_replaced_at_sign_in(app: Flask, browser: Browser, kim: int) -> None:
    def keys(planted: str) -> list[str]:
        with app.test_request_context("/cart", headers={"Cookie": f"session={planted}"}):
            return list(session)

    with app.test_request_context("/cart"):
        session["seen"] = ["teapot"]
        answer = app.process_response(app.response_class())
    planted = answer.headers["Set-Cookie"].partition("=")[2].partition(";")[0]
    assert keys(planted) == ["seen"], "the attacker's own session stays"
    browser.client.set_cookie("session", planted)
    browser.sign_in()
    assert browser.cookie("session") not in (None, planted)
    assert keys(planted) == []
    fixed = browser.cookie("session")
    browser.sign_in()
    assert browser.cookie("session") != fixed


def test_session_works_only_with_its_sign_in(app: Flask, browser: Browser, kim: int) -> None:
    def holds(**cookies: str | None) -> bool:
        text = "; ".join(f"{name}={value}" for name, value in cookies.items())
        db.session.rollback()
        with app.test_request_context("/cart", headers={"Cookie": text}):
            return bool(dict(session))

    browser.sign_in()
    ours = {"session": browser.cookie("session"), "signin": browser.cookie()}
    lee = Browser(app)
    make_user("lee@example.com")
    lee.sign_in("lee@example.com")
    assert holds(**ours)
    assert not holds(session=ours["session"])
    assert not holds(**ours | {"signin": lee.cookie()})
    browser.post("/account/logout")
    assert not holds(**ours)


def test_cookie_is_hidden_from_scripts_and_other_sites(app: Flask, kim: int) -> None:
    def cookie(base_url: str, **more: str) -> str:
        answer = app.test_client().post(
            "/account/login",
            data={"email": EMAIL, "password": PASSWORD, **more},
            headers=SAME_ORIGIN,
            base_url=base_url,
        )
        return next(c for c in answer.headers.getlist("Set-Cookie") if "signin=" in c)

    plain = cookie("http://localhost")
    assert plain.startswith("signin=")
    assert {"HttpOnly", "SameSite=Lax", "Path=/"} <= set(plain.split("; "))
    assert "Expires" not in plain
    assert "Max-Age" not in plain
    secure = cookie("https://localhost", keep="1")
    assert secure.startswith("__Host-signin=")
    assert "Secure" in secure
    assert f"Max-Age={400 * 24 * 3600}" in secure


def test_forged_cookie_is_a_new_visitor(app: Flask, kim: int) -> None:
    values = ["", "x", "é", "a.b.c", "x" * 3500, "WzEsInMiXQ.sig", '"\\', "\x01"]
    for value in values:
        browser = Browser(app)
        for name in ("signin", "session"):
            browser.client.set_cookie(name, value)
        assert browser.get("/account").status_code == 303
        assert browser.get("/account/login").status_code == 200
        assert browser.sign_in().status_code == 303
        assert browser.is_signed_in()


def test_cookie_of_another_shop_is_a_new_visitor(app: Flask, browser: Browser, kim: int) -> None:
    browser.sign_in()
    app.config["SECRET_KEY"] = "another secret"
    assert not browser.is_signed_in()


EVIL = [
    "//evil.example",
    "/\\evil.example",
    "https://evil.example",
    "/\t/evil.example",
    "\\/evil.example",
    "evil.example",
    "javascript:alert(1)",
    "/\n/evil.example",
    "/%0a" + "x" * 3000,
    "",
    " /x",
    "///evil.example",
    "/account/logout",
    "/account/login?next=/account/login",
    "http:evil.example",
    "/é",
]


def test_next_redirects_only_to_own_paths(browser: Browser, kim: int) -> None:
    for evil in EVIL[:8]:  # more would reach the rate limit
        assert browser.sign_in(next=evil).location == "/account", evil
    for evil in EVIL:
        assert browser.get("/account/login", query_string={"next": evil}).location == "/account", evil


def test_next_redirects_back(browser: Browser, kim: int) -> None:
    wanted = browser.get("/account/devices?x=1").location
    assert wanted == "/account/login?next=/account/devices?x%3D1"
    assert 'value="/account/devices?x=1"' in browser.get(wanted).text
    assert browser.sign_in(next="/products?q=tea&page=2").location == "/products?q=tea&page=2"


def test_private_pages_stay_out_of_caches(browser: Browser, kim: int) -> None:
    paths = [
        "/account/login",
        "/account/register",
        "/account/reset",
        "/account/reset/x",
        "/account/addresses/7",
    ]
    browser_paths = [
        "/account",
        "/account/addresses",
        "/account/addresses/new",
        "/account/devices",
        "/account/data",
        "/account/deletion",
        "/account/email/sent",
        "/account/email/x",
    ]
    answers = [browser.get(path) for path in (*paths, *browser_paths)]
    browser.sign_in()
    answers += [browser.get(path) for path in browser_paths]
    answers += [browser.post("/account/name", name="x"), browser.post("/account/login", email="")]
    for answer in answers:
        assert answer.headers["Cache-Control"] == "private, no-store", answer.request.path
        assert answer.status_code < 500


def test_public_pages_do_not_read_the_sign_in(browser: Browser, kim: int) -> None:
    browser.sign_in()
    answer = browser.get("/products")
    assert "Set-Cookie" not in answer.headers
    assert "public" in answer.headers["Cache-Control"]
    assert EMAIL not in answer.text


def test_signal_announces_the_signed_in_user(app: Flask, browser: Browser, kim: int) -> None:
    told: list[object] = []

    def hear(sender: object, user: Shopper) -> None:
        told.append((sender, user, accounts.current_user()))

    with accounts.signed_in.connected_to(hear, app):
        browser.sign_in(password="wrong")
        browser.sign_in()
    shopper = Shopper(kim, "Kim", role="")
    assert told == [(app, shopper, shopper)]


def test_password_changed_meanwhile_does_not_sign_in(
    browser: Browser, kim: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    proven = credentials.VerifiedLogin(kim, user(kim).generation)
    credentials_change = credentials.change_credentials

    def meanwhile(*_: object) -> credentials.VerifiedLogin:
        with write_transaction() as transaction:
            transaction.execute(update(User).values(generation=User.generation + 1))
        return proven

    monkeypatch.setattr(credentials, "authenticate", meanwhile)
    assert credentials_change is credentials.change_credentials
    assert browser.sign_in().status_code == 422
    assert not browser.is_signed_in()


def test_outdated_password_hash_is_renewed(browser: Browser, kim: int) -> None:
    from argon2 import PasswordHasher

    old = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)
    with write_transaction() as transaction:
        transaction.execute(update(User).values(password_hash=old))
    assert browser.sign_in().status_code == 303
    assert user(kim).password_hash != old
    assert browser.sign_in().status_code == 303


def test_only_a_digest_of_the_cookie_is_stored(browser: Browser, kim: int) -> None:
    browser.sign_in()
    row = db.session.execute(select(SignIn)).scalar_one()
    signed = str(browser.cookie()).rpartition(".")[0]
    _, secret = json.loads(base64.urlsafe_b64decode(f"{signed}{'=' * (-len(signed) % 4)}"))
    assert len(secret) == 43
    assert secret not in row.digest
    assert row.digest not in str(browser.cookie())
    assert PASSWORD not in user(kim).password_hash


@pytest.mark.usefixtures("shipped_hashes")
def test_a_stored_hash_takes_the_work_that_owasp_asks_for() -> None:
    assert passwords.hash_password(PASSWORD).startswith("$argon2id$v=19$m=19456,t=2,p=1$")


def test_two_people_in_one_browser_stay_separate(browser: Browser, kim: int) -> None:
    make_user("lee@example.com", name="Lee")
    browser.sign_in()
    browser.sign_in("lee@example.com")
    assert "lee@example.com" in browser.get("/account").text
    db.session.rollback()
    assert db.session.execute(select(SignIn.revoked_at).where(SignIn.user_id == kim)).scalar_one() is not None
