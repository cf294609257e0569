"""`flask user …`: lists, roles, and the end of access."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from flask import Flask
from sqlalchemy import select, update

from storefront.accounts import authentication
from storefront.accounts.models import SecurityEvent, User
from storefront.extensions import db, write_transaction
from tests.accounts.people import EMAIL, Browser, last_link, make_user, stored_mails

pytestmark = pytest.mark.any_database

Run = Callable[..., str]


@pytest.fixture
def run(app: Flask) -> Run:
    """Runs `flask user …`; returns its output, and fails if the command does."""

    def invoke(*words: str) -> str:
        ran = app.test_cli_runner().invoke(args=["user", *words])
        assert ran.exit_code == 0, ran.output
        return ran.output.strip()

    return invoke


def test_list_shows_roles_states_and_sign_ins(browser: Browser, kim: int, run: Run) -> None:
    make_user("boss@example.com", staff=True)
    browser.sign_in()
    run("disable", "boss@example.com")
    boss, kims = (line.split("\t") for line in run("list").splitlines())
    assert boss[:3] == ["boss@example.com", "Kim", "owner"]
    assert boss[3].startswith("disabled 2")
    assert boss[4] == "0 sign-ins, signed out"
    assert kims[:4] == [EMAIL, "Kim", "customer", "enabled"]
    assert kims[4].startswith("1 sign-ins, last seen 2")
    assert run("list", "--staff").count("\n") == 0


def test_promote_and_demote_change_who_is_staff(browser: Browser, kim: int, run: Run) -> None:
    browser.sign_in(keep="1")
    assert browser.get("/admin/system/cache").status_code == 404
    assert run("promote", EMAIL.upper()) == f"{EMAIL} is staff now: owner."
    assert run("promote", EMAIL) == f"{EMAIL} is staff already: owner."
    assert not browser.is_signed_in(), "a customer's long sign-in must not become one of staff"
    browser.sign_in()
    assert browser.get("/admin/system/cache").status_code == 200
    without_owner = "The shop has no owner. Make one: flask user promote EMAIL --role owner"
    assert run("demote", EMAIL).splitlines() == [f"{EMAIL} is no longer staff.", without_owner]
    assert run("demote", EMAIL).splitlines() == [f"{EMAIL} is not staff.", without_owner]
    assert browser.get("/admin/system/cache").location == "/account/login?next=/admin/system/cache"
    browser.sign_in()
    assert browser.is_signed_in()
    assert browser.get("/admin/system/cache").status_code == 404


def test_disabled_account_has_no_access_and_no_way_back(
    app: Flask, browser: Browser, kim: int, run: Run
) -> None:
    browser.sign_in()
    browser.post("/account/reset", email=EMAIL)
    link, mails = last_link(app), len(stored_mails(app))
    assert "is disabled." in run("disable", EMAIL)
    assert "is disabled already." in run("disable", EMAIL)
    assert not browser.is_signed_in()
    assert "Incorrect e-mail address or password" in browser.sign_in().text
    assert browser.get(link).status_code == 410
    sent, other = (browser.post("/account/reset", email=email) for email in (EMAIL, "lee@example.com"))
    assert (sent.status_code, sent.location) == (other.status_code, other.location) == (303, other.location)
    assert len(stored_mails(app)) == mails
    assert run("enable", EMAIL) == f"{EMAIL} can sign in again."
    assert run("enable", EMAIL) == f"{EMAIL} can sign in: it was not disabled."
    assert not browser.is_signed_in()
    assert browser.get(link).status_code == 410
    assert browser.sign_in().status_code == 303


def test_the_mark_of_a_disabled_account_is_enough(browser: Browser, kim: int) -> None:
    browser.sign_in()
    assert browser.is_signed_in()
    with write_transaction() as session:  # alone: the command also ends all sign-ins
        session.execute(update(User).values(disabled_at=datetime.now(UTC)))
    assert not browser.is_signed_in()


def test_account_disabled_during_a_sign_in_stays_out(app: Flask, kim: int, run: Run) -> None:
    db.session.rollback()
    generation = db.session.execute(select(User.generation)).scalar_one()
    run("disable", EMAIL)
    run("enable", EMAIL)
    with app.test_request_context("/account/login"):
        assert not authentication.sign_in(kim, generation, keep=False)
    run("disable", EMAIL)
    db.session.rollback()
    generation = db.session.execute(select(User.generation)).scalar_one()
    with app.test_request_context("/account/login"):
        assert not authentication.sign_in(kim, generation, keep=False)


def test_sign_out_ends_all_sign_ins_and_links(app: Flask, browser: Browser, kim: int, run: Run) -> None:
    other = Browser(app)
    browser.sign_in()
    other.sign_in(keep="1")
    browser.post("/account/reset", email=EMAIL)
    assert run("sign-out", EMAIL) == f"{EMAIL} is signed out everywhere (2 sign-ins ended)."
    assert run("sign-out", EMAIL) == f"{EMAIL} is signed out everywhere (0 sign-ins ended)."
    assert not browser.is_signed_in()
    assert not other.is_signed_in()
    assert browser.get(last_link(app)).status_code == 410
    assert browser.sign_in().status_code == 303


@pytest.mark.parametrize("command", ["promote", "demote", "disable", "enable", "sign-out"])
def test_commands_explain_wrong_addresses(app: Flask, command: str) -> None:
    for email, said in (("nobody@example.com", "flask user list"), ("nobody", "not a valid e-mail address")):
        ran = app.test_cli_runner().invoke(args=["user", command, email])
        assert (ran.exit_code, said in ran.output) == (1, True), ran.output


def test_changes_of_access_are_security_events(kim: int, run: Run) -> None:
    for command in ("promote", "demote", "disable", "disable", "enable", "sign-out"):
        run(command, EMAIL)
    db.session.rollback()
    events = db.session.scalars(select(SecurityEvent).order_by(SecurityEvent.id)).all()
    assert [(event.kind, event.detail) for event in events] == [
        ("account-created", ""),
        ("role-changed", "owner"),
        ("role-changed", "customer"),
        ("account-disabled", ""),
        ("account-enabled", ""),
        ("sign-out-everywhere", ""),
    ]
    assert {event.user_id for event in events} == {kim}
    assert {event.actor.partition(":")[0] for event in events[1:]} == {"command"}
