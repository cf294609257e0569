"""Staff: access to the operations pages, and accounts created from the command line."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, text, update
from sqlalchemy.exc import OperationalError

from storefront.accounts.models import SignIn, User
from storefront.extensions import db, write_transaction
from tests.accounts.people import PASSWORD, Browser, make_user, sign_in_as_staff

pytestmark = pytest.mark.any_database


def test_ops_pages_are_for_staff_only(app: Flask, kim: int) -> None:
    make_user("boss@example.com", staff=True)
    anybody, kims, boss = (Browser(app) for _ in range(3))
    kims.sign_in()
    boss.sign_in("boss@example.com")
    assert anybody.get("/admin/system/cache").location == "/account/login?next=/admin/system/cache"
    assert kims.get("/admin/system/cache").status_code == 404
    assert boss.get("/admin/system/cache").status_code == 200
    assert Browser(app, "127.0.0.1").get("/admin/system/cache").status_code == 303
    with write_transaction() as session:
        session.execute(update(User).values(is_staff=False))
    assert boss.get("/admin/system/cache").status_code == 404, "whatever cached profiles say"


def test_ended_sign_in_leads_back_to_the_staff_page(app: Flask) -> None:
    make_user("boss@example.com", staff=True)
    boss = Browser(app)
    boss.sign_in("boss@example.com")
    with write_transaction() as session:
        session.execute(update(SignIn).values(expires_at=datetime.now(UTC)))
    answer = boss.get("/admin/orders?state=paid")
    assert (answer.status_code, answer.location) == (303, "/account/login?next=/admin/orders?state%3Dpaid")
    assert answer.headers["Cache-Control"] == "private, no-store"
    assert (
        boss.sign_in("boss@example.com", next="/admin/orders?state=paid").location
        == "/admin/orders?state=paid"
    )


def test_text_with_nul_characters_is_refused(client: FlaskClient) -> None:
    sign_in_as_staff(client)
    own = {"Sec-Fetch-Site": "same-origin"}
    for answer in (
        client.post("/admin/stock", data={"sku": "a", "number": "1", "reason": "\x00"}, headers=own),
        client.post("/admin/orders/A/events", data={"kind": "note", "note": "\x00"}, headers=own),
    ):
        assert answer.status_code == 400
        assert "can’t be saved" in answer.text
    for path in ("orders", "products", "customers", "stock", "changes", "grid", "staff"):
        answer = client.get(f"/admin/{path}?q=a%0%0000&page=1&said=ö")
        assert (answer.status_code, answer.location) == (302, f"/admin/{path}?q=a%000&page=1&said=%C3%B6")
        assert client.get(f"/admin/{path}?q=a%00", follow_redirects=True).status_code == 200


def test_command_creates_an_account(app: Flask, browser: Browser) -> None:
    run = app.test_cli_runner().invoke
    made = run(args=["user", "create", "Boss@Example.com", "--staff", "--name", "The boss"])
    assert made.exit_code == 0, made.output
    assert "boss@example.com can sign in and is staff: owner." in made.output
    password = made.output.split("Password: ")[1].strip()
    assert browser.sign_in("boss@example.com", password).status_code == 303
    assert "with a staff account. <a href='/admin'>" in browser.get("/account").text
    again = run(args=["user", "create", "boss@example.com"])
    assert again.exit_code == 1
    assert "already exists" in again.output
    assert "not a valid e-mail address" in run(args=["user", "create", "boss"]).output
    plain = run(args=["user", "create", "kim@example.com"])
    assert plain.exit_code == 0
    db.session.rollback()
    found = dict(db.session.execute(select(User.email, User.is_staff)).all())
    assert found == {"boss@example.com": True, "kim@example.com": False}


def test_command_asks_for_a_password_at_a_terminal(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def prompt(label: str, **_: object) -> str:
        asked.append(label)
        return "short" if len(asked) == 1 else PASSWORD

    monkeypatch.setattr("storefront.accounts.cli.is_interactive", lambda: True)
    monkeypatch.setattr("click.prompt", prompt)
    run = app.test_cli_runner().invoke
    assert "at least 10" in run(args=["user", "create", "kim@example.com"]).output
    assert run(args=["user", "create", "kim@example.com"]).exit_code == 0
    assert asked == ["Password", "Password"]


def test_database_outage_signs_nobody_out(
    app: Flask, browser: Browser, kim: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser.sign_in()
    cookie = browser.cookie()

    def away(*_: object, **__: object) -> None:
        raise OperationalError("SELECT", {}, Exception("the server is away"))

    with monkeypatch.context() as broken:
        broken.setattr("sqlalchemy.orm.Session.execute", away)
        for answer in (browser.get("/account"), browser.sign_in(), browser.post("/account/logout")):
            assert answer.status_code == 503
            assert answer.headers["Retry-After"]
            assert "Set-Cookie" not in answer.headers
    assert browser.cookie() == cookie
    assert browser.is_signed_in()
    assert db.session.execute(text("SELECT 1")).scalar_one() == 1
