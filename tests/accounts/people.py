"""Helpers for tests with accounts: browsers, accounts and their mail."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from storefront.accounts import credentials, sign_in_links
from storefront.accounts.models import User
from storefront.extensions import db
from storefront.web.permissions import RoleName
from tests.conftest import close_shop, make_app

SAME_ORIGIN = {"Sec-Fetch-Site": "same-origin"}
EMAIL = "kim@example.com"
PASSWORD = "a pot of green tea"
OTHER = "two cups and a kettle"


class Browser:
    """A browser with its own cookies. Each request sees all that is committed, as in a separate process."""

    def __init__(self, app: Flask, address: str = "198.51.100.7", agent: str = "Firefox Linux") -> None:
        self.client: FlaskClient = app.test_client()
        self.options: dict[str, Any] = {"environ_base": {"REMOTE_ADDR": address, "HTTP_USER_AGENT": agent}}

    def get(self, path: str, **more: Any) -> TestResponse:
        db.session.rollback()
        return self.client.get(path, **self.options, **more)

    def post(self, path: str, **form: str) -> TestResponse:
        db.session.rollback()
        return self.client.post(path, data=form, headers=SAME_ORIGIN, **self.options)

    def sign_in(self, email: str = EMAIL, password: str = PASSWORD, **more: str) -> TestResponse:
        return self.post("/account/login", email=email, password=password, **more)

    def is_signed_in(self) -> bool:
        return self.get("/account").status_code == 200

    def cookie(self, name: str = "signin") -> str | None:
        found = self.client.get_cookie(name)
        return found.value if found else None


def make_user(
    email: str = EMAIL,
    password: str = PASSWORD,
    name: str = "Kim",
    *,
    staff: bool = False,
    role: RoleName | None = None,
) -> int:
    """Create an account; return its id. `staff` makes it an owner's."""
    db.session.rollback()
    return credentials.create_account(email, password, name, role="owner" if staff else role).id


def sign_in_as_staff(client: FlaskClient, email: str = "boss@shop.example") -> FlaskClient:
    """Sign a client in as staff by a sign-in link, with a new account if there is none; return the client."""
    db.session.rollback()
    boss = credentials.find_by_email(email) or credentials.create_account(email, PASSWORD, role="owner")
    link = f"/account/link/{sign_in_links.create(boss)}"
    assert client.post(link, headers=SAME_ORIGIN).status_code == 303
    return client


def staff_browser(app: Flask, role: RoleName | None = None) -> Browser:
    """A browser in which a member of the staff is signed in: the owner, or one with this role."""
    browser = Browser(app)
    if role is None:
        sign_in_as_staff(browser.client)
    else:
        make_user(f"{role}@shop.example", role=role)
        browser.sign_in(f"{role}@shop.example")
    return browser


def user(user_id: int) -> User:
    """Return an account as it is stored now."""
    db.session.rollback()
    return db.session.get_one(User, user_id)


def stored_mails(app: Flask) -> list[Any]:
    """Return the mails that are stored so far, the oldest first."""
    files = sorted((Path(app.instance_path) / "mail").glob("*.eml"), key=lambda file: file.stat().st_mtime_ns)
    return [message_from_bytes(file.read_bytes(), policy=policy.default) for file in files]


def last_link(app: Flask) -> str:
    """Return the path of the link in the last mail."""
    text = stored_mails(app)[-1].get_body(("plain",)).get_content()
    found = re.search(r"https?://[^/\s]+(/\S+)", text)
    assert found, text
    return found[1]


@contextmanager
def second_app(app: Flask, instance: Path, **environ: str) -> Iterator[Flask]:
    """A second application on the same database with these settings, in its own application context."""
    instance.mkdir()
    other = make_app(app.config["SQLALCHEMY_DATABASE_URI"], instance, **environ)
    with other.app_context():
        try:
            yield other
        finally:
            close_shop(other)
