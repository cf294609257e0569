"""Security events are added and never changed, are bounded, and forget deleted people."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import get_args

import pytest
from flask import Flask

from storefront import actors
from storefront.accounts import privacy, security_events
from storefront.accounts.models import SecurityEvent
from storefront.accounts.security_events import (
    KINDS,
    FactorChange,
    SecurityEventChangedError,
    SecurityEventKind,
)
from storefront.actors import Actor
from storefront.extensions import db, write_transaction
from tests.accounts.people import EMAIL, OTHER, PASSWORD, Browser, last_link, make_user


def events() -> list[SecurityEvent]:
    db.session.rollback()
    return list(db.session.scalars(db.select(SecurityEvent).order_by(SecurityEvent.id)))


def record(kind: SecurityEventKind, user_id: int | None, times: int = 1, **more: str) -> None:
    with write_transaction() as session:
        for _ in range(times):
            security_events.record(session, kind, user_id, **more)


def test_an_event_has_the_address_and_device(app: Flask, kim: int) -> None:
    headers = {"User-Agent": "Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0"}
    with app.test_request_context("/", headers=headers, environ_base={"REMOTE_ADDR": "2001:db8::7"}):
        record("role-changed", kim, detail="staff")
    event = events()[-1]
    assert (event.kind, event.user_id, event.name, event.detail) == ("role-changed", kim, EMAIL, "staff")
    assert (event.address, event.device) == ("2001:db8::7", "Firefox on Linux")


def test_events_are_never_changed(app: Flask, kim: int) -> None:
    record("sign-in", kim)
    event = events()[-1]
    event.kind = "sign-in-failed"
    with pytest.raises(SecurityEventChangedError):
        db.session.flush()


def test_a_flood_of_failures_does_not_fill_the_table(app: Flask, kim: int) -> None:
    most = KINDS["sign-in-failed"].most_per_day
    assert most is not None
    for user_id in (kim, None):
        record("sign-in-failed", user_id, times=most + 5)
    failures = [event.user_id for event in events() if event.kind == "sign-in-failed"]
    assert failures == [kim] * most + [None] * most
    failed_last = events()[-1].id
    with write_transaction() as session:
        session.execute(db.update(SecurityEvent).values(at=datetime.now(UTC) - timedelta(days=1, seconds=1)))
    record("sign-in-failed", kim)
    assert events()[-1].id > failed_last


def test_events_of_a_deleted_account_forget_the_person(app: Flask, kim: int) -> None:
    with app.test_request_context("/", environ_base={"REMOTE_ADDR": "198.51.100.7"}):
        record("sign-in", kim, detail="x")
        privacy.delete_account(kim)
    assert [event.kind for event in events()] == ["account-created", "sign-in", "account-deleted"]
    for event in events():
        assert (event.name, event.address, event.device, event.detail) == ("", "", "", "")


def test_events_are_kept_for_400_days(app: Flask, kim: int) -> None:
    record("sign-in", kim, times=2)
    _created, first, second = events()
    with write_transaction() as session:
        for event, days in ((first, 400), (second, 399)):
            at = datetime.now(UTC) - timedelta(days=days, minutes=1)
            session.execute(db.update(SecurityEvent).where(SecurityEvent.id == event.id).values(at=at))
    kept = second.id
    assert security_events.delete_old() == 1
    assert [event.id for event in events()][1:] == [kept]
    assert security_events.delete_old() == 0


@pytest.mark.any_database
def test_each_act_of_a_person_is_an_event(app: Flask, browser: Browser, kim: int) -> None:
    Browser(app).sign_in()
    browser.sign_in()
    browser.post("/account/devices/1/removal")
    browser.get("/account/data")
    browser.post("/account/password", current_password=PASSWORD, password=OTHER)
    browser.post("/account/reset", email=EMAIL)
    browser.post(last_link(app), password=PASSWORD)
    browser.sign_in()
    browser.post("/account/email", email="kim@new.example.com", password=PASSWORD)
    browser.post(last_link(app))
    browser.post("/account/devices/removal")
    kinds = [event.kind for event in events() if event.user_id == kim]
    assert kinds == [
        "account-created",
        "sign-in",
        "sign-in",
        "device-removed",
        "data-exported",
        "password-changed",
        "reset-requested",
        "password-reset",
        "sign-in",
        "email-changed",
        "sign-out-everywhere",
    ]
    assert {event.address for event in events()} == {"", "198.51.100.7"}


@pytest.mark.any_database
def test_roles_tokens_and_webhooks_are_events(app: Flask) -> None:
    make_user(staff=True)
    run = app.test_cli_runner().invoke
    token = run(args=["token", "create", "till", "--scope", "stock:read"]).output.split("_")[1]
    run(args=["token", "revoke", token])
    run(args=["token", "revoke", token])
    added = run(args=["webhook", "add", "https://till.example/hook?secret=1", "--event", "stock.changed"])
    run(args=["webhook", "remove", added.output.split()[0]])
    found = [(event.kind, event.detail) for event in events()]
    assert found == [
        ("account-created", ""),
        ("role-changed", "owner"),
        ("token-created", f"till ({token}): stock:read"),
        ("token-revoked", f"till ({token}): stock:read"),
        ("webhook-added", "till.example"),
        ("webhook-removed", "till.example"),
    ]
    assert {event.actor for event in events()[2:]} == {f"command:{actors.login_name()}"}


@pytest.mark.any_database
def test_a_person_sees_the_events_of_their_account_only(browser: Browser, kim: int) -> None:
    other = make_user("lee@example.com", name="Lee")
    record("locked", other)
    record("second-factor", kim, detail="<passkey>")
    browser.sign_in()
    page = browser.get("/account/activity").text
    assert page.index("Signed in") < page.index("Two-step verification")
    assert "&lt;passkey&gt;" in page
    assert "Locked" not in page
    assert [event["kind"] for event in browser.get("/account/data").json["security_events"]] == [
        "data-exported",
        "sign-in",
        "second-factor",
        "account-created",
    ]


@pytest.mark.any_database
def test_pages_say_details_in_words(browser: Browser, kim: int) -> None:
    record("second-factor", kim, detail="recovery-code-used")
    record("role-changed", kim, detail="an old release's word")
    browser.sign_in()
    page = browser.get("/account/activity").text
    assert "recovery code used" in page
    assert "an old release&#39;s word" in page


def test_every_change_of_a_factor_has_words() -> None:
    assert set(KINDS["second-factor"].details) == set(get_args(FactorChange))


def test_the_owner_filters_events_by_person_and_kind(browser: Browser, kim: int) -> None:
    staff = make_user("lee@example.com", name="Lee", staff=True)
    with actors.acting_as(Actor("staff", str(staff))):
        record("role-changed", kim, detail="staff")
    record("locked", kim)
    browser.sign_in("lee@example.com")

    def rows(query: str) -> int:
        return browser.get(f"/admin/system/security?{query}").text.count("<tr>") - 1

    assert "Lee (lee@example.com)" in browser.get("/admin/system/security").text
    assert rows("person=KIM@example.com") == 3
    assert rows("person=lee@example.com") == 4
    assert rows("person=kim@example.com&kind=locked") == 1
    assert rows("kind=locked") == 1
    assert rows("person=nobody@example.com") == 1  # the row that says that there is nothing
    assert rows(f"before={events()[1].id}") == 1
    assert 'name="person" type="email" value=""' in browser.get("/admin/system/security").text
    assert (
        'type="email" value="kim@example.com"'
        in browser.get("/admin/system/security?person=kim@example.com").text
    )


@pytest.mark.any_database
def test_strangers_do_not_see_events(browser: Browser, kim: int) -> None:
    assert browser.get("/account/activity").status_code == 303
    browser.sign_in()
    assert browser.get("/admin/system/security").status_code == 404


@pytest.mark.any_database
def test_wrong_passwords_and_the_lock_are_events(browser: Browser, kim: int) -> None:
    for _ in range(12):
        browser.sign_in(password="wrong password")
    kinds = [event.kind for event in events() if event.user_id == kim]
    assert kinds[1] == "sign-in-failed"
    assert kinds.count("locked") == 1


def test_details_are_in_words_behind_whom_they_are_about() -> None:
    invited, changed = KINDS["staff-invited"], KINDS["role-changed"]
    assert invited.describe("kim@shop.example: orders") == "kim@shop.example: Orders"
    assert changed.describe("orders") == "Orders"
    assert changed.describe("of: another") == "of: another"
