"""Mail on its way: written in the transaction that needs it, sent by a thread of any serving process, tried again.

Without an SMTP server, in development, it is written to `mail/` in the instance directory and shown on the page.
"""

from __future__ import annotations

import email
import email.policy
import logging
import re
import smtplib
import uuid
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

import msgspec
from flask import Flask, current_app
from sqlalchemy import Row, Table, delete, insert, select, update
from sqlalchemy.engine import Connection
from sqlalchemy.orm import Session

from storefront import periodic
from storefront.accounts import smtp
from storefront.accounts.letters import Later, Text, message
from storefront.accounts.models import Letter
from storefront.errors import StorefrontError
from storefront.extensions import connection_of, db

log = logging.getLogger(__name__)

POSTMAN = "postman"
# After so many seconds it is tried again; then given up, since its link has died by then.
BACKOFF = (30, 60, 120, 300, 600, 1200, 1200)
_WRITE = insert(cast("Table", Letter.__table__))  # built once, and sent past the mapper


@dataclass(frozen=True, slots=True)
class Shown:
    """A letter as a page shows it in development."""

    subject: str
    text: str
    link: str


class NoMailError(StorefrontError):
    """This shop has been told of no server that sends its mail."""

    status = 503


def worder(app: Flask, name: str, word: Callable[[dict[str, Any]], Text | None]) -> None:
    """Name who finds the words of letters that are worded later; None if there is nothing to say any more."""
    app.extensions.setdefault("letter_worders", {})[name] = word


def post(session: Session, recipient: str | None, text: Text | Later) -> str:
    """Write a letter in this session's transaction; return its id.

    Args:
        session: in whose transaction it is written.
        recipient: None if it is for nobody: then it costs the same, and is thrown away.
        text: what it says.

    Raises:
        NoMailError: in production, without an SMTP server.
    """
    key = uuid.uuid4().hex
    if current_app.config["SMTP_URL"]:
        words = msgspec.json.encode(text).decode()  # a mail is made of them as it is sent, with no lock held
        connection_of(session).execute(_WRITE, {"id": key, "recipient": recipient or "", "message": words})
        return key
    if not is_shown():
        raise NoMailError("STOREFRONT_SMTP_URL is not set: this shop cannot send mail.")
    said = _words(text)
    mail = message(recipient or "nobody@localhost", said, key) if said else None
    if recipient and mail:
        _folder().mkdir(exist_ok=True)
        (_folder() / f"{datetime.now(UTC):%Y%m%dT%H%M%S}-{key}.eml").write_bytes(mail.as_bytes())
    return key


def tell(session: Session, recipient: str, text: Text) -> None:
    """Write a letter that nothing depends on: a shop that cannot send mail goes on without."""
    try:
        post(session, recipient, text)
    except NoMailError as error:
        log.warning("%s %r was not told.", error, text.subject)


def is_shown() -> bool:
    """Return whether letters are shown on the page, since nobody sends them."""
    return current_app.config["ENV"] != "production" and not current_app.config["SMTP_URL"]


def shown(key: str) -> Shown | None:
    """Return a letter that was written to the instance directory; None where mail is sent."""
    if not is_shown() or not re.fullmatch("[0-9a-f]{32}", key):
        return None
    file = next(_folder().glob(f"*-{key}.eml"), None)
    if file is None:
        return None
    mail = email.message_from_bytes(file.read_bytes(), policy=email.policy.default)
    body = mail.get_body(("plain",))
    text = body.get_content() if body is not None else ""
    link = re.search(r"https?://\S+", text)
    return Shown(str(mail["Subject"]), text, link[0] if link else "")


def init_app(app: Flask) -> None:
    """Let every serving process send mail, if there is a server that takes it."""
    if app.config["SMTP_URL"]:
        periodic.add_task(app, POSTMAN, send_due, interval=1.0)


def send_due() -> int:
    """Send what is due and not being sent by another process; return how many letters were due."""
    now = datetime.now(UTC)
    with db.engine.connect() as connection:
        due = connection.execute(
            select(Letter.__table__).where(Letter.due_at <= now).order_by(Letter.due_at).limit(20)
        ).all()
    for letter in due:
        wait = timedelta(seconds=BACKOFF[min(letter.attempts, len(BACKOFF) - 1)])
        with _writing() as connection:  # whoever moves it on is the one who sends it
            mine = connection.execute(
                update(Letter)
                .where(Letter.id == letter.id, Letter.due_at == letter.due_at)
                .values(due_at=now + wait, attempts=letter.attempts + 1)
            )
        if mine.rowcount and _settled(letter, letter.attempts + 1):
            with _writing() as connection:
                connection.execute(delete(Letter).where(Letter.id == letter.id))
    return len(due)


def _settled(letter: Row[Any], attempt: int) -> bool:
    """Send one letter; return whether it need not be tried again."""
    if not letter.recipient:
        return True
    text = letter.message
    if text.startswith("{"):  # else it was written whole by an earlier version of the shop
        kind: type[Text | Later] = Later if "worded_by" in msgspec.json.decode(text) else Text
        said = _words(msgspec.json.decode(text, type=kind))
        db.session.remove()  # what was read for it is not kept open while the server is talked to
        if said is None:
            return True
        text = message(letter.recipient, said, letter.id).as_string()
    try:
        smtp.send(current_app.config["SMTP_URL"], letter.recipient, text)
    except smtplib.SMTPRecipientsRefused:
        log.warning("a letter was refused for its recipient, and is given up")
        return True
    except (OSError, smtplib.SMTPException) as error:
        given_up = attempt > len(BACKOFF)
        log.warning("a letter could not be sent (attempt %d%s): %s", attempt, ", given up" * given_up, error)
        return given_up
    return True


def _words(text: Text | Later) -> Text | None:
    if isinstance(text, Text):
        return text
    word: Callable[[dict[str, Any]], Text | None] = current_app.extensions["letter_worders"][text.worded_by]
    return word(text.about)


def _writing() -> AbstractContextManager[Connection]:
    return db.engine.execution_options(sqlite_begin="IMMEDIATE").begin()


def _folder() -> Path:
    return Path(current_app.instance_path) / "mail"
