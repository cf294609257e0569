"""Mail on its way: sent once, tried again, never lost with a process, and no clue to who has an account."""

from __future__ import annotations

import socketserver
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email import message_from_string, policy
from pathlib import Path
from typing import ClassVar

import pytest
from flask import Flask
from sqlalchemy import select, update

from storefront import periodic
from storefront.errors import ConfigurationError
from storefront.extensions import db, write_transaction
from storefront.mail import queue
from storefront.mail.models import QueuedMail
from tests.accounts.people import EMAIL, PASSWORD, Browser, another, make_user
from tests.conftest import make_app
from tests.processes import eventually, free_port


class Mailbox(socketserver.StreamRequestHandler):
    """As much of SMTP (RFC 5321) as smtplib asks for."""

    received: ClassVar[list[tuple[str, str]]] = []
    refuses: ClassVar[bool] = False
    meanwhile: ClassVar[Callable[[], None]] = staticmethod(lambda: None)

    def handle(self) -> None:
        self.say("220 mailbox")
        recipient = ""
        while line := self.rfile.readline().decode().strip():
            word = line.upper()
            if word.startswith("EHLO"):
                self.say("250-mailbox\r\n250 AUTH PLAIN LOGIN")
            elif word.startswith("AUTH"):
                self.say("235 welcome")
            elif word.startswith("RCPT"):
                recipient = line.partition("<")[2].rstrip(">")
                self.say("550 no such mailbox" if self.refuses else "250 fine")
            elif word == "DATA":
                self.say("354 go on")
                text = "".join(iter(lambda: self.rfile.readline().decode().replace("\r\n", "\n"), ".\n"))
                self.meanwhile()
                self.received.append((recipient, text))
                self.say("250 taken")
            else:
                self.say("221 bye" if word == "QUIT" else "250 fine")

    def say(self, line: str) -> None:
        self.wfile.write(f"{line}\r\n".encode())


@contextmanager
def mailbox(port: int) -> Iterator[list[tuple[str, str]]]:
    socketserver.ThreadingTCPServer.allow_reuse_address = True
    Mailbox.received.clear()
    with socketserver.ThreadingTCPServer(("127.0.0.1", port), Mailbox) as server:
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        yield Mailbox.received
        server.shutdown()


@pytest.fixture
def port() -> int:
    return free_port()


@pytest.fixture
def mailing(app: Flask, port: int, redis_url: str, tmp_path: Path) -> Iterator[Flask]:
    """The shop with an SMTP server."""
    with another(
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


def test_a_letter_is_sent_once_and_says_the_same_as_text_and_as_html(mailing: Flask, port: int) -> None:
    browser = Browser(mailing)
    answer = browser.post("/account/register", email=EMAIL)
    assert answer.location == "/account/register/sent", "where mail is sent nothing is shown"
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
    assert link.startswith("localhost/account/register/")
    assert f'href="http://{link}"' in html


def test_two_that_ask_for_a_reset_differ_only_in_the_letter(mailing: Flask, port: int) -> None:
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


def test_a_letter_waits_for_a_server_that_is_away_and_is_given_up_in_the_end(
    mailing: Flask, port: int, caplog: pytest.LogCaptureFixture
) -> None:
    Browser(mailing).post("/account/register", email=EMAIL)
    assert queue.send_due() == 1
    assert queue.send_due() == 0, "not at once again"
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


def test_a_recipient_that_is_refused_is_not_tried_again(
    mailing: Flask, port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Mailbox, "refuses", True)
    Browser(mailing).post("/account/register", email=EMAIL)
    with mailbox(port):
        assert queue.send_due() == 1
    due()
    assert queue.send_due() == 0


def test_of_two_processes_one_sends(mailing: Flask, port: int) -> None:
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


def test_a_password_is_never_sent_without_tls(mailing: Flask, port: int) -> None:
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


def test_production_without_a_mail_server_says_so(app: Flask, tmp_path: Path, redis_url: str) -> None:
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
        assert Browser(shop, "127.0.0.1").get("/ops/cache").status_code == 404
        answer = browser.client.post(
            "/account/deletion", data={"password": PASSWORD}, headers={"Sec-Fetch-Site": "same-origin"},
            base_url="https://localhost",
        )  # fmt: skip
        assert answer.status_code == 303, "nobody is kept because a letter cannot be sent"
        db.session.remove()
        periodic.stop_tasks(
            shop
        )  # in production there is work in the background, and here its database goes away
        db.engine.dispose()


@pytest.mark.parametrize(
    ("name", "value"),
    [("SMTP_URL", "mail.example"), ("SMTP_URL", "http://mail.example"), ("SMTP_URL", "smtp://a@b@c"),
     ("MAIL_FROM", "Shop <a@b.example>"), ("MAIL_FROM", "a")],
)  # fmt: skip
def test_a_mail_setting_that_cannot_be_read_stops_the_start(tmp_path: Path, name: str, value: str) -> None:
    with pytest.raises(ConfigurationError, match=name):
        make_app("sqlite://", tmp_path, **{f"STOREFRONT_{name}": value})
