"""Accounts without Redis: nobody is signed out, everybody can sign in, and guessing stays limited."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select

from storefront import accounts
from storefront.accounts.models import FailedSignIn
from storefront.cache.state import cache_state
from storefront.extensions import db
from storefront.shop_cache import keys
from tests.accounts.people import EMAIL, Browser, last_link, make_user, second_app
from tests.processes import eventually
from tests.redis_roles.servers import Server
from tests.statements import statements

pytestmark = pytest.mark.any_database


def name(app: Flask, browser: Browser) -> str | None:
    with app.test_request_context("/me", headers={"Cookie": f"signin={browser.cookie()}"}):
        db.session.rollback()
        found = accounts.current_user()
        return found.name if found else None


@pytest.mark.parametrize("fault", ["killed", "frozen"])
def test_redis_outage_signs_nobody_out(own_app: Flask, own_redis: Server, fault: str) -> None:
    make_user()
    there, new, gone = Browser(own_app), Browser(own_app), Browser(own_app)
    there.sign_in()
    gone.sign_in()
    assert name(own_app, there) == "Kim"
    own_redis.kill() if fault == "killed" else own_redis.freeze()
    started = time.monotonic()
    assert there.is_signed_in()
    assert name(own_app, there) == "Kim"
    assert new.sign_in().status_code == 303
    assert new.is_signed_in()
    assert name(own_app, new) == "Kim"
    assert there.post("/account/name", name="Kim L.").status_code == 303
    assert name(own_app, there) == "Kim L."
    assert gone.post("/account/logout").status_code == 303
    assert not gone.is_signed_in()
    assert time.monotonic() - started < 5
    own_redis.start() if fault == "killed" else own_redis.thaw()
    assert eventually(lambda: new.is_signed_in() and there.is_signed_in(), seconds=5)
    assert not gone.is_signed_in()
    assert eventually(lambda: own_redis.answers())


def test_device_ended_in_an_outage_stays_signed_out(own_app: Flask, own_redis: Server) -> None:
    make_user()
    here, lost = Browser(own_app), Browser(own_app)
    here.sign_in()
    lost.sign_in()
    cookie = lost.cookie()
    assert name(own_app, lost) == "Kim"
    own_redis.freeze()
    here.post("/account/devices/removal")
    lost.client.set_cookie("signin", str(cookie))
    assert not lost.is_signed_in()
    own_redis.thaw()
    lost.client.set_cookie("signin", str(cookie))
    assert not lost.is_signed_in()


def test_profiles_are_kept_for_less_than_a_second(own_app: Flask, own_redis: Server) -> None:
    kim, browser = make_user(), Browser(own_app)
    browser.sign_in()
    own_redis.kill()
    assert name(own_app, browser) == "Kim"
    level = cache_state.get(own_app).store.outage_l1
    kept = [level.peek(key) for key in level._by_tag[keys.user_tag(kim)]]
    assert [0 < one.expires_at - time.monotonic() < 1 for one in kept if one] == [True]


def test_cached_profile_needs_no_sql(app: Flask) -> None:
    make_user()
    browser, later = Browser(app), Browser(app)
    browser.sign_in()
    assert name(app, browser) == "Kim"
    later.sign_in()  # invalidates the profile, which does not have it
    assert name(app, later) == "Kim"
    with statements() as seen:
        assert name(app, later) == name(app, browser) == "Kim"
    assert seen == []


def test_sign_in_newer_than_cached_profile_is_valid(app: Flask, redis_url: str, tmp_path: Path) -> None:
    make_user()
    first, second = Browser(app), Browser(app)
    first.sign_in()
    with second_app(app, tmp_path / "deaf", REDIS_URL=redis_url) as deaf:  # receives no invalidations
        assert name(deaf, first) == "Kim"
        second.sign_in()
        assert name(deaf, second) == "Kim"


@pytest.fixture
def unlimited(app: Flask, redis_url: str, tmp_path: Path) -> object:
    """The shop without limits except those in SQL."""
    with second_app(app, tmp_path / "unlimited", REDIS_URL=redis_url, STOREFRONT_LIMITS="off") as shop:
        yield shop


def test_eleventh_wrong_password_for_an_account_waits(unlimited: Flask) -> None:
    make_user()
    make_user("lee@example.com")
    for number in range(10):
        assert Browser(unlimited, f"198.51.100.{number}").sign_in(password="wrong").status_code == 422
    answer = Browser(unlimited, "198.51.100.99").sign_in()
    assert answer.status_code == 429
    assert "Too many incorrect passwords" in answer.text
    assert 0 < int(answer.headers["Retry-After"]) <= 900
    assert Browser(unlimited).sign_in("lee@example.com").status_code == 303, "other accounts are not limited"
    asking = Browser(unlimited)
    assert asking.post("/account/reset", email=EMAIL).status_code == 303
    assert asking.get(last_link(unlimited)).status_code == 200, "a reset link still works"


def test_unknown_account_is_limited_as_well(unlimited: Flask) -> None:
    for number in range(10):
        Browser(unlimited, f"198.51.100.{number}").sign_in("nobody@example.com")
    assert Browser(unlimited).sign_in("nobody@example.com").status_code == 429


def test_client_that_tries_many_accounts_is_limited(unlimited: Flask) -> None:
    make_user()
    guesser = Browser(unlimited, "2001:db8:1:2::3")
    for number in range(20):
        assert guesser.sign_in(f"n{number}@example.com").status_code == 422
    assert guesser.sign_in().status_code == 429
    assert Browser(unlimited, "2001:db8:1:2::4").sign_in().status_code == 429, "IPv6 counts by its /64"
    assert Browser(unlimited, "2001:db8:1:3::3").sign_in().status_code == 303


def test_requests_without_address_lock_nobody_out(unlimited: Flask) -> None:
    make_user()
    for number in range(20 + 1):
        assert Browser(unlimited, "").sign_in(f"n{number}@example.com").status_code == 422
    assert Browser(unlimited, "").sign_in().status_code == 303


def test_right_password_clears_the_failures(unlimited: Flask) -> None:
    make_user()
    for number in range(30):
        wrong = number % 10 != 9
        password = {"password": "wrong"} if wrong else {}
        assert Browser(unlimited).sign_in(**password).status_code == (422 if wrong else 303)


def test_right_password_keeps_the_failures_of_others(unlimited: Flask) -> None:
    make_user()
    for number in range(9):
        Browser(unlimited, f"198.51.100.{number}").sign_in(password="wrong")
    assert Browser(unlimited, "203.0.113.1").sign_in().status_code == 303
    assert Browser(unlimited, "198.51.100.50").sign_in(password="wrong").status_code == 422
    assert Browser(unlimited, "198.51.100.51").sign_in(password="wrong").status_code == 429


def test_password_confirmation_is_limited_too(unlimited: Flask) -> None:
    make_user()
    browser = Browser(unlimited)
    browser.sign_in()
    for _ in range(10):
        assert browser.post("/account/deletion", password="wrong").status_code == 422
    answer = browser.post("/account/deletion", password="a pot of green tea")
    assert "Too many incorrect passwords" in answer.text


def test_stored_failures_identify_nobody(unlimited: Flask) -> None:
    Browser(unlimited).sign_in()
    row = db.session.execute(select(FailedSignIn)).scalar_one()
    assert "kim" not in row.account
    assert "198.51" not in row.address


def test_rate_limits_of_sign_in_apply_too(app: Flask) -> None:
    make_user()
    statuses = [Browser(app).sign_in(password="wrong").status_code for _ in range(12)]
    assert statuses == [422] * 10 + [429] * 2
