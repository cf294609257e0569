"""Known devices: strangers who try passwords do not lock an owner out of a browser that has signed in before."""

from __future__ import annotations

import pytest
from flask import Flask
from sqlalchemy import select

from storefront.accounts import known_devices
from storefront.accounts.models import FailedSignIn, KnownDevice, SignIn
from storefront.extensions import db
from tests.accounts.people import EMAIL, OTHER, PASSWORD, SAME_ORIGIN, Browser, last_link, make_user

pytestmark = pytest.mark.any_database


@pytest.fixture
def owner(app: Flask, kim: int) -> Browser:
    """A browser that has signed in before and is signed out now."""
    browser = Browser(app, agent="Firefox Linux")
    browser.sign_in()
    browser.post("/account/logout")
    return browser


def hammer(app: Flask, email: str = EMAIL) -> None:
    """Use the account's budget up, from many addresses."""
    statuses = [
        Browser(app, f"203.0.113.{number}").sign_in(email, "wrong").status_code for number in range(11)
    ]
    assert statuses == [422] * 10 + [429]


def test_owner_gets_in_while_strangers_guess(app: Flask, owner: Browser) -> None:
    hammer(app)
    assert Browser(app).sign_in().status_code == 429, "an unknown device waits"
    assert owner.sign_in().status_code == 303


def test_staff_are_not_locked_out_either(app: Flask) -> None:
    make_user("boss@example.com", staff=True)
    boss = Browser(app)
    boss.sign_in("boss@example.com")
    boss.post("/account/logout")
    hammer(app, "boss@example.com")
    assert boss.sign_in("boss@example.com").status_code == 303


def test_guesses_at_the_same_address_do_not_lock_out(app: Flask, owner: Browser) -> None:
    neighbour = Browser(app)
    statuses = [neighbour.sign_in(f"n{number}@example.com", "wrong").status_code for number in range(20)]
    assert statuses == [422] * 19 + [429], "the owner signed in from there, too"
    assert owner.sign_in().status_code == 303


def test_known_device_has_ten_wrong_passwords_an_hour(app: Flask, owner: Browser) -> None:
    statuses = [owner.sign_in(password="wrong").status_code for _ in range(11)]
    assert statuses == [422] * 10 + [429]
    assert owner.sign_in().status_code == 429
    assert Browser(app).sign_in().status_code == 303, "the budget of unknown devices is another one"


def test_right_password_refills_a_known_device(owner: Browser) -> None:
    for _ in range(2):
        assert [owner.sign_in(password="wrong").status_code for _ in range(9)] == [422] * 9
        assert owner.sign_in().status_code == 303
    assert db.session.execute(select(FailedSignIn)).first() is None


def test_device_is_known_to_its_own_account_only(app: Flask, owner: Browser) -> None:
    make_user("lee@example.com")
    hammer(app, "lee@example.com")
    assert owner.sign_in("lee@example.com").status_code == 429


def test_two_people_in_a_browser_are_both_known(app: Flask, owner: Browser) -> None:
    make_user("lee@example.com")
    owner.sign_in("lee@example.com")
    hammer(app)
    hammer(app, "lee@example.com")
    assert owner.sign_in().status_code == 303
    assert owner.sign_in("lee@example.com").status_code == 303


def test_wrong_password_issues_no_device_cookie(app: Flask, kim: int) -> None:
    browser = Browser(app)
    browser.sign_in(password="wrong")
    browser.post("/account/reset", email=EMAIL)
    browser.get(last_link(app))
    assert browser.cookie("device") is None
    assert db.session.execute(select(KnownDevice)).first() is None


@pytest.mark.parametrize("value", ["", "x", "é", "a.b", "x" * 3500, "WzEsInMiXQ.sig"])
def test_forged_device_cookie_is_unknown(app: Flask, kim: int, value: str) -> None:
    hammer(app)
    browser = Browser(app)
    browser.client.set_cookie("device", value)
    assert browser.sign_in().status_code == 429


def test_planted_device_cookie_is_void_after_sign_in(app: Flask, owner: Browser) -> None:
    make_user("eve@example.com")
    eve, victim = Browser(app), Browser(app)
    eve.sign_in("eve@example.com")
    victim.client.set_cookie("device", str(eve.cookie("device")))
    victim.sign_in()
    assert victim.cookie("device") != eve.cookie("device")
    hammer(app)
    assert eve.sign_in().status_code == 429
    assert victim.sign_in().status_code == 303


def test_removed_device_is_unknown(app: Flask, owner: Browser) -> None:
    here = Browser(app, agent="Chrome Android")
    here.sign_in()
    page = here.get("/account/devices").text
    assert "Remembered devices" in page
    device = db.session.execute(
        select(KnownDevice.id).where(KnownDevice.device == "Firefox on Linux")
    ).scalar_one()
    answer = here.post(f"/account/devices/known/{device}/removal")
    assert "no longer remembered" in here.get(answer.location).text
    assert "Remembered devices" not in here.get("/account/devices").text
    hammer(app)
    assert owner.sign_in().status_code == 429
    assert here.sign_in().status_code == 303


def test_device_that_was_signed_out_there_is_unknown(app: Flask, kim: int) -> None:
    lost, here = Browser(app), Browser(app, agent="Chrome Android")
    lost.sign_in()
    here.sign_in()
    query = select(SignIn.id).where(SignIn.device == "Firefox on Linux")
    here.post(f"/account/devices/{db.session.execute(query).scalar_one()}/removal")
    hammer(app)
    assert lost.sign_in().status_code == 429


def test_device_of_another_account_cannot_be_forgotten(app: Flask, owner: Browser) -> None:
    make_user("lee@example.com")
    lee = Browser(app)
    lee.sign_in("lee@example.com")
    for device in db.session.execute(select(KnownDevice.id)).scalars().all():
        lee.post(f"/account/devices/known/{device}/removal")
    hammer(app)
    assert owner.sign_in().status_code == 303


def test_signing_out_everywhere_forgets_all_devices(app: Flask, owner: Browser) -> None:
    other = Browser(app)
    other.sign_in()
    other.post("/account/devices/removal")
    hammer(app)
    assert owner.sign_in().status_code == other.sign_in().status_code == 429


def test_disabling_an_account_makes_its_devices_unknown(app: Flask, owner: Browser) -> None:
    run = app.test_cli_runner().invoke
    assert run(args=["user", "disable", EMAIL]).exit_code == 0
    with app.test_request_context("/", headers={"Cookie": f"device={owner.cookie('device')}"}):
        assert known_devices.find(EMAIL) is None
    assert owner.sign_in().status_code == 422


def test_new_password_keeps_only_this_device(app: Flask, owner: Browser) -> None:
    here = Browser(app)
    here.sign_in()
    answer = here.post("/account/password", current_password=PASSWORD, password=OTHER)
    assert answer.location.endswith("said=password")
    hammer(app)
    assert here.sign_in(password=OTHER).status_code == 303
    assert owner.sign_in(password=OTHER).status_code == 429


def test_reset_clears_failures_and_makes_device_known(app: Flask, owner: Browser) -> None:
    hammer(app)
    here = Browser(app)
    here.post("/account/reset", email=EMAIL)
    here.post(last_link(app), password=OTHER)
    assert Browser(app, "198.51.100.77").sign_in(password=OTHER).status_code == 303
    hammer(app)
    assert here.sign_in(password=OTHER).status_code == 303
    assert owner.sign_in(password=OTHER).status_code == 429, "devices from before the reset are unknown"


def test_password_can_be_changed_while_strangers_guess(app: Flask, kim: int) -> None:
    browser = Browser(app)
    browser.sign_in()
    hammer(app)
    answer = browser.post("/account/password", current_password=PASSWORD, password=OTHER)
    assert answer.location.endswith("said=password")


def test_device_cookie_is_hidden_and_outlives_sign_out(app: Flask, kim: int) -> None:
    def cookie(base_url: str) -> str:
        client = app.test_client()
        form = {"email": EMAIL, "password": PASSWORD}
        answer = client.post("/account/login", data=form, headers=SAME_ORIGIN, base_url=base_url)
        client.post("/account/logout", headers=SAME_ORIGIN, base_url=base_url)
        assert client.get_cookie("device") or client.get_cookie("__Host-device")
        return next(c for c in answer.headers.getlist("Set-Cookie") if "device=" in c)

    plain, secure = cookie("http://localhost"), cookie("https://localhost")
    assert plain.startswith("device=")
    assert secure.startswith("__Host-device=")
    assert "Secure" in secure
    for one in (plain, secure):
        assert {"HttpOnly", "SameSite=Lax", "Path=/", f"Max-Age={400 * 24 * 3600}"} <= set(one.split("; "))


def test_known_devices_are_in_the_data_export(owner: Browser) -> None:
    owner.sign_in()
    (device,) = owner.get("/account/data").json["known_devices"]
    assert device["device"] == "Firefox on Linux"


def test_stored_devices_do_not_hold_the_cookie(owner: Browser) -> None:
    row = db.session.execute(select(KnownDevice)).scalar_one()
    assert row.digest not in str(owner.cookie("device"))
    assert len(row.digest) == 64
