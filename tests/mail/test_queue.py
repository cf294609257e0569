"""The mail queue: each mail is sent once and retried, and reveals to nobody who has an account."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email import message_from_string, policy
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select, update

from storefront import periodic
from storefront.errors import ConfigurationError
from storefront.extensions import db, write_transaction
from storefront.mail import queue
from storefront.mail.queue import QueuedMail
from tests.accounts.people import EMAIL, PASSWORD, Browser, make_user, second_app
from tests.conftest import make_app
from tests.mail.mailbox import Mailbox, mailbox
from tests.processes import eventually, free_port


@pytest.fixture
def port() -> int:
    return free_port()


@pytest.fixture
def mailing(app: Flask, port: int, redis_url: str, tmp_path: Path) -> Iterator[Flask]:
    """The shop with an SMTP server."""
    with second_app(
        app,
        tmp_path / "mailing",
        REDIS_URL=redis_url,
        STOREFRONT_SMTP_URL=f"smtp://127.0.0.1:{port}",
        STOREFRONT_MAIL_FROM="shop@shop.example",
    ) as shop:
        yield shop


def due() -> None:
    db.session.rollback()
    with write_transaction() as session:
        session.execute(update(QueuedMail).values(due_at=datetime.now(UTC) - timedelta(seconds=1)))


def test_mail_is_sent_once_as_text_and_html(mailing: Flask, port: int) -> None:
    browser = Browser(mailing)
    answer = browser.post("/account/register", email=EMAIL)
    assert answer.location == "/account/register/sent", "no mail is shown where mail is sent"
    assert not (Path(mailing.instance_path) / "mail").exists()
    with mailbox(port) as received:
        while queue.send_due():
            pass
        due()
        assert queue.send_due() == 0
    [(recipient, text)] = received
    mail = message_from_string(text, policy=policy.default)
    assert recipient == mail["To"] == EMAIL
    assert mail["From"] == "Kettle & Clay <shop@shop.example>"
    plain, html = (mail.get_body((kind,)).get_content() for kind in ("plain", "html"))
    link = plain.partition("http://")[2].split()[0]
    assert link.startswith("127.0.0.1:8000/account/register/")
    assert f'href="http://{link}"' in html


def test_reset_requests_differ_only_in_the_mail(mailing: Flask, port: int) -> None:
    make_user()
    browser = Browser(mailing)
    known = browser.post("/account/reset", email=EMAIL)
    unknown = browser.post("/account/reset", email="nobody@example.com")
    assert known.location == unknown.location == "/account/reset/sent"
    assert known.data == unknown.data
    with mailbox(port) as received:
        while queue.send_due():
            pass
    assert [recipient for recipient, _ in received] == [EMAIL]
    assert db.session.execute(select(QueuedMail)).first() is None


def test_mail_is_retried_and_given_up_at_last(
    mailing: Flask, port: int, caplog: pytest.LogCaptureFixture
) -> None:
    Browser(mailing).post("/account/register", email=EMAIL)
    assert queue.send_due() == 1
    assert queue.send_due() == 0, "it is not retried at once"
    due()
    with mailbox(port) as received:
        assert queue.send_due() == 1
        assert len(received) == 1
    Browser(mailing).post("/account/register", email=EMAIL)
    for _ in range(len(queue.BACKOFF) + 1):
        due()
        assert "given up" not in caplog.text
        assert queue.send_due() == 1
    assert "given up" in caplog.text
    due()
    assert queue.send_due() == 0


def test_refused_recipient_is_not_retried(mailing: Flask, port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Mailbox, "refuses", True)
    Browser(mailing).post("/account/register", email=EMAIL)
    with mailbox(port):
        assert queue.send_due() == 1
    due()
    assert queue.send_due() == 0


def test_each_mail_is_sent_by_one_process(mailing: Flask, port: int) -> None:
    for number in range(5):
        Browser(mailing).post("/account/register", email=f"n{number}@example.com")

    def send() -> None:
        with mailing.app_context():
            queue.send_due()

    with mailbox(port) as received:
        threads = [threading.Thread(target=send) for _ in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert len(received) == len(set(received)) == 5


def test_smtp_password_is_never_sent_without_tls(mailing: Flask, port: int) -> None:
    mailing.config["SMTP_URL"] = f"smtp://shop:secret@127.0.0.1:{port}"
    Browser(mailing).post("/account/register", email=EMAIL)
    with mailbox(port) as received:
        assert queue.send_due() == 1
    assert received == []


def test_serving_process_sends_queued_mail(mailing: Flask, port: int) -> None:
    Browser(mailing).post("/account/register", email=EMAIL)
    with mailbox(port) as received:
        periodic.start_tasks(mailing, queue.TASK)
        assert eventually(lambda: received)
        periodic.stop_tasks(mailing)


def test_production_without_smtp_answers_503(app: Flask, tmp_path: Path, redis_url: str) -> None:
    settings = {"SECRET_KEY": "k" * 32, "TRUSTED_HOSTS": "localhost", "REDIS_URL": redis_url}
    url = app.config["SQLALCHEMY_DATABASE_URI"]
    make_user()
    shop = make_app(url, tmp_path, **settings, STOREFRONT_ENV="production")
    with shop.app_context():
        browser = Browser(shop)
        for path in ("/account/register", "/account/reset"):
            assert browser.post(path, email=EMAIL).status_code == 503
            assert browser.post(path, email="nobody@example.com").status_code == 503
        assert browser.sign_in().status_code == 303
        assert browser.cookie("__Host-signin")
        assert browser.get("/account", base_url="https://localhost").status_code == 200
        assert Browser(shop, "127.0.0.1").get("/admin/system/cache").status_code == 303
        answer = browser.client.post(
            "/account/deletion",
            data={"password": PASSWORD},
            headers={"Sec-Fetch-Site": "same-origin"},
            base_url="https://localhost",
        )
        assert answer.status_code == 303, "an account can be deleted although no mail can be sent"
        db.session.remove()
        # In production there is work in the background, and here its database goes away.
        periodic.stop_tasks(shop)
        db.engine.dispose()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SMTP_URL", "mail.example"),
        ("SMTP_URL", "http://mail.example"),
        ("SMTP_URL", "smtp://a@b@c"),
        ("MAIL_FROM", "Shop <a@b.example>"),
        ("MAIL_FROM", "a"),
    ],
)
def test_invalid_mail_setting_stops_the_start(tmp_path: Path, name: str, value: str) -> None:
    with pytest.raises(ConfigurationError, match=name):
        make_app("sqlite://", tmp_path, **{f"STOREFRONT_{name}": value})
