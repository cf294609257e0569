"""The second factor at sign-in: codes of an app, recovery codes, limits of guesses, and who must have one."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pyotp
import pytest
from flask import Flask
from sqlalchemy import select, update

from storefront.accounts import administration, pending_sign_ins
from storefront.accounts.models import SecurityEvent
from storefront.accounts.second_factor import guess_limits, recovery_codes, totp, verification
from storefront.accounts.second_factor.models import CodeGuess, PendingSignIn, RecoveryCode, TotpSecret
from storefront.extensions import db, write_transaction
from tests.accounts.factors import STEP, later_code, set_up_app
from tests.accounts.factors import recovery_codes as shown_codes
from tests.accounts.people import EMAIL, OTHER, PASSWORD, SAME_ORIGIN, Browser, last_link, make_user, user
from tests.redis_roles.servers import Server

pytestmark = pytest.mark.any_database


@pytest.fixture
def production(app: Flask) -> Iterator[Flask]:
    """The shop as production treats its staff; cookies keep their names for plain HTTP."""
    app.config["ENV"] = "production"
    app.config["TRUSTED_HOSTS"] = ["localhost"]
    yield app
    app.config["ENV"] = "testing"


class Secure(Browser):
    """A browser that uses TLS, as production needs it."""

    def __init__(self, app: Flask, **about: str) -> None:
        super().__init__(app, **about)
        self.options["base_url"] = "https://localhost"


def test_app_is_asked_for_after_the_password(app: Flask, browser: Browser, kim: int) -> None:
    browser.sign_in()
    code_of, codes = set_up_app(browser)
    assert len(set(codes)) == recovery_codes.COUNT
    new = Browser(app)
    answer = new.sign_in(next="/cart", keep="1")
    assert (answer.status_code, answer.location) == (303, f"{STEP}?next=/cart")
    assert not new.is_signed_in()
    assert "6-digit code" in new.get(answer.location).text
    assert new.post(STEP, code="000000", next="/cart").status_code == 422
    assert not new.is_signed_in()
    answer = new.post(STEP, code=later_code(code_of), next="/cart")
    assert (answer.status_code, answer.location) == (303, "/cart")
    assert new.is_signed_in()


def test_code_works_once(app: Flask, browser: Browser, kim: int) -> None:
    browser.sign_in()
    code_of, _codes = set_up_app(browser)
    code = later_code(code_of)
    first, second = Browser(app), Browser(app)
    for one in (first, second):
        one.sign_in()
        one.post(STEP, code=code)
    assert [first.is_signed_in(), second.is_signed_in()] == [True, False]
    second.post(STEP, code=code_of.now())
    assert not second.is_signed_in(), "earlier than the last code that was accepted"


def test_code_of_a_set_up_cannot_sign_in(app: Flask, browser: Browser, kim: int) -> None:
    browser.sign_in()
    code_of, _codes = set_up_app(browser)
    new = Browser(app)
    new.sign_in()
    assert "was already used" in new.post(STEP, code=code_of.now()).text


def test_recovery_code_replaces_the_app_once(app: Flask, browser: Browser, kim: int) -> None:
    browser.sign_in()
    _app, codes = set_up_app(browser)
    for expected in (True, False):
        new = Browser(app)
        new.sign_in()
        new.post(STEP, code=codes[3].upper().replace("-", " "))
        assert new.is_signed_in() is expected
    assert "9 of 10 codes" in browser.get("/account/security").text


def test_codes_are_shown_once_and_stored_as_digests(app: Flask, browser: Browser, kim: int) -> None:
    browser.sign_in()
    _app, codes = set_up_app(browser)
    assert shown_codes(browser.get("/account/security")) == []
    stored = db.session.scalars(select(RecoveryCode.digest)).all()
    assert not {code.replace("-", "") for code in codes} & set(stored)
    file = browser.post("/account/security/recovery-codes/file", codes=" ".join(codes))
    assert file.mimetype == "text/plain"
    assert file.text.split()[-10:] == codes
    invented = browser.post("/account/security/recovery-codes/file", codes="<script>")
    assert invented.status_code == 303, "the page does not give back what it is sent"
    renewed = shown_codes(browser.post("/account/security/recovery-codes"))
    assert len(renewed) == 10
    new = Browser(app)
    new.sign_in()
    new.post(STEP, code=codes[0])
    assert not new.is_signed_in()


def test_secret_is_encrypted_and_bound_to_its_account(browser: Browser, kim: int) -> None:
    browser.sign_in()
    code_of, _codes = set_up_app(browser)
    row = db.session.get_one(TotpSecret, kim)
    assert code_of.secret not in row.secret
    other = make_user("lee@example.com")
    with write_transaction() as session:
        session.add(TotpSecret(user_id=other, secret=row.secret, last_step=0))
    assert totp.verify(kim, later_code(code_of))
    assert not totp.verify(other, later_code(code_of))


def test_a_new_secret_key_ends_codes_but_not_recovery(app: Flask, browser: Browser, kim: int) -> None:
    browser.sign_in()
    code_of, codes = set_up_app(browser)
    app.config["SECRET_KEY"] = "another key"
    new = Browser(app)
    new.sign_in()
    assert new.post(STEP, code=later_code(code_of)).status_code == 422
    new.post(STEP, code=codes[0])
    assert new.is_signed_in()


def test_guesses_do_not_lock_the_owner_out_for_good(app: Flask, browser: Browser, kim: int) -> None:
    browser.sign_in()
    code_of, codes = set_up_app(browser)
    thief = Browser(app, "203.0.113.9")
    thief.sign_in()
    answers = [thief.post(STEP, code=f"{number:06}").text for number in range(12)]
    assert ["Too many incorrect codes" in text for text in answers] == [False] * 10 + [True] * 2
    assert "Too many incorrect codes" in thief.post(STEP, code=later_code(code_of)).text, (
        "not even the right one"
    )
    owner = Browser(app)
    owner.sign_in()
    owner.post(STEP, code=codes[0])
    assert owner.is_signed_in(), "a recovery code has a budget of its own"
    owner.post("/account/reset", email=EMAIL)
    owner.post(last_link(app), password=OTHER)
    owner.sign_in(password=OTHER)
    owner.post(STEP, code=later_code(code_of))
    assert owner.is_signed_in(), "a new password clears the guesses"


def test_guesses_are_limited_without_redis(own_app: Flask, own_redis: Server) -> None:
    kim = make_user()
    own_redis.kill()
    for _ in range(10):
        guess_limits.count_guess(kim, "totp")
    with pytest.raises(guess_limits.TooManyGuessesError):
        guess_limits.count_guess(kim, "totp")
    guess_limits.give_back(db.session.scalars(select(CodeGuess.id)).all()[0])
    guess_limits.count_guess(kim, "totp")


def test_waiting_for_the_second_step_signs_nobody_in(app: Flask, browser: Browser, kim: int) -> None:
    browser.sign_in()
    code_of, _codes = set_up_app(browser)
    browser.sign_in()
    assert browser.get("/me").json == {"signed_in": False, "name": None, "cart_quantity": 0}
    assert browser.get("/account").status_code == 303
    assert browser.get(STEP).status_code == 200, "visiting other pages ends nothing"
    db.session.rollback()
    with write_transaction() as session:
        session.execute(update(PendingSignIn).values(expires_at=PendingSignIn.expires_at))
        for row in session.scalars(select(PendingSignIn)):
            row.expires_at -= pending_sign_ins.LIFETIME + timedelta(seconds=1)
    assert browser.post(STEP, code=later_code(code_of)).location.startswith("/account/login")
    assert not browser.is_signed_in()


def test_password_reset_does_not_pass_the_second_factor(app: Flask, browser: Browser, kim: int) -> None:
    browser.sign_in()
    set_up_app(browser)
    new = Browser(app)
    new.post("/account/reset", email=EMAIL)
    new.post(last_link(app), password=OTHER)
    assert new.sign_in(password=OTHER).location.startswith(STEP)
    assert not new.is_signed_in()


def test_staff_in_production_are_led_to_the_set_up(production: Flask) -> None:
    make_user("boss@example.com", staff=True)
    boss, customer = Secure(production), Secure(production)
    assert boss.sign_in("boss@example.com").status_code == 303, "the upgrade locks nobody out"
    for path in ("/admin/system/cache", "/account", "/account/orders", "/account/devices", "/account/data"):
        answer = boss.get(path)
        assert (answer.status_code, answer.location) == (303, f"/account/security?next={path}"), path
        assert answer.headers["Cache-Control"] == "private, no-store"
    assert boss.post("/account/name", name="X").location == "/account/security?next=/account"
    assert boss.get("/products").status_code == 200
    page = boss.get("/account/security?next=/admin/system/cache").text
    assert "need two-step verification" in page
    page = boss.get("/account/security/app?next=/admin/system/cache").text
    offer = re.findall(r'name="offer" value="([^"]+)"', page)[0]
    code = pyotp.TOTP(re.findall(r"account__key'>([A-Z2-7]+)<", page)[0]).now()
    shown = boss.post("/account/security/app", offer=offer, code=code, next="/admin/system/cache")
    assert 'href="/admin/system/cache"' in shown.text
    assert boss.get("/admin/system/cache").status_code == 200
    assert "need two-step verification" in boss.post("/account/security/app/removal").text
    make_user()
    customer.sign_in()
    assert customer.get("/account").status_code == 200
    assert customer.get("/admin/system/cache").status_code == 404


def test_customers_may_remove_their_last_factor(app: Flask, browser: Browser, kim: int) -> None:
    browser.sign_in()
    set_up_app(browser)
    browser.post("/account/security/app/removal")
    assert db.session.scalars(select(RecoveryCode.id)).all() == []
    assert Browser(app).sign_in().location == "/account"


def test_command_prints_a_link_that_works_once(app: Flask, browser: Browser, kim: int) -> None:
    browser.sign_in()
    set_up_app(browser)
    ran = app.test_cli_runner().invoke(args=["user", "reset-second-factor", EMAIL])
    assert ran.exit_code == 0, ran.output
    link = "/account/second-factor-reset/" + ran.output.strip().rpartition("/")[2]
    assert re.search(rf"http://[\w.]+(:\d+)?{re.escape(link)}", ran.output)
    new = Browser(app)
    assert EMAIL in new.get(link).text
    assert new.post(link, password="not the password").status_code == 422
    assert Browser(app).sign_in().location.startswith(STEP), "nothing has changed yet"
    assert new.post(link, password=PASSWORD).location == "/account/security"
    assert not browser.is_signed_in(), "the lost device is signed out"
    assert new.is_signed_in()
    assert new.get(link).status_code == new.post(link, password=PASSWORD).status_code == 410
    set_up_app(new)


def test_reset_link_is_void_for_disabled_accounts(app: Flask, browser: Browser, kim: int) -> None:
    ran = app.test_cli_runner().invoke(args=["user", "reset-second-factor", EMAIL])
    link = "/account/second-factor-reset/" + ran.output.strip().rpartition("/")[2]
    app.test_cli_runner().invoke(args=["user", "disable", EMAIL])
    assert browser.post(link, password=PASSWORD).status_code == 410
    ran = app.test_cli_runner().invoke(args=["user", "reset-second-factor", EMAIL])
    assert ran.exit_code == 1
    assert "is disabled" in ran.output


def test_disabled_account_learns_nothing_of_the_step(app: Flask, browser: Browser, kim: int) -> None:
    browser.sign_in()
    set_up_app(browser)
    administration.set_disabled(EMAIL, is_disabled=True)
    right, wrong = Browser(app).sign_in(), Browser(app).sign_in(password="not the password")
    assert right.status_code == wrong.status_code == 422
    assert all("Incorrect e-mail address or password" in answer.text for answer in (right, wrong))


def test_second_tab_may_finish_the_step(
    app: Flask, browser: Browser, kim: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser.sign_in()
    code_of, _codes = set_up_app(browser)
    code, check = later_code(code_of), verification.is_proven
    tabs = Browser(app)
    tabs.sign_in()

    def check_after_the_other_tab(*arguments: Any) -> bool:
        monkeypatch.setattr(verification, "is_proven", check)
        assert tabs.post(STEP, code=code).location == "/account"
        return check(*arguments)

    monkeypatch.setattr(verification, "is_proven", check_after_the_other_tab)
    slower = Browser(app)
    slower.client = tabs.client
    answer = slower.post(STEP, code=code, next="/account/devices")
    assert answer.location == "/account/login?next=/account/devices"
    assert slower.get(answer.location).location == "/account/devices", "signed in by the other tab"


def test_set_up_sent_twice_at_once_is_one(app: Flask, browser: Browser, kim: int) -> None:
    browser.sign_in()
    page, together = browser.get("/account/security/app").text, threading.Barrier(4)
    offer = re.findall(r'name="offer" value="([^"]+)"', page)[0]
    code = pyotp.TOTP(re.findall(r"account__key'>([A-Z2-7]+)<", page)[0]).now()
    cookie = browser.cookie() or ""

    def send(_number: int) -> int:
        client = app.test_client()
        client.set_cookie("signin", cookie)
        together.wait()
        form = {"offer": offer, "code": code}
        return client.post("/account/security/app", data=form, headers=SAME_ORIGIN).status_code

    with ThreadPoolExecutor(4) as pool:
        assert set(pool.map(send, range(4))) <= {200, 303}
    db.session.rollback()
    assert len(db.session.scalars(select(RecoveryCode.id)).all()) == recovery_codes.COUNT


def test_changes_are_security_events(app: Flask, browser: Browser, kim: int) -> None:
    browser.sign_in()
    _code_of, codes = set_up_app(browser)
    new = Browser(app)
    new.sign_in()
    new.post(STEP, code="000000")
    new.post(STEP, code=codes[0])
    kinds = ("second-factor", "code-failed")
    events = db.session.execute(
        select(SecurityEvent.kind, SecurityEvent.detail)
        .where(SecurityEvent.kind.in_(kinds))
        .order_by(SecurityEvent.id)
    ).all()
    assert [tuple(event) for event in events] == [
        ("second-factor", "app-added"),
        ("code-failed", ""),
        ("second-factor", "recovery-code-used"),
    ]


def test_data_export_lists_the_factors(browser: Browser, kim: int) -> None:
    browser.sign_in()
    set_up_app(browser)
    found = browser.get("/account/data").json["second_factors"]
    assert (found["app"], found["passkeys"], found["recovery_codes"]) == (True, [], 10)
    assert user(kim).is_staff is False
