"""The mail queue: a row per mail, written in the caller's transaction; any serving process sends and retries.

Without an SMTP server, in development, mail is stored in files instead (`transport.store_mail`).
"""

from __future__ import annotations

import logging
import smtplib
import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from email.message import EmailMessage
from typing import Any, cast

import msgspec
from flask import Flask, current_app
from sqlalchemy import String, Table, Text, insert, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from storefront import periodic
from storefront.app_state import AppState
from storefront.background.due_queue import Attempt, DueQueue, Outcome
from storefront.errors import StorefrontError
from storefront.extensions import Model, UtcDateTime, connection_of, db
from storefront.mail import transport
from storefront.mail.messages import DeferredMail, MailText, build_message
from storefront.web.language_routes import use_locale

log = logging.getLogger(__name__)


def _now() -> datetime:
    return datetime.now(UTC)


class QueuedMail(Model):
    """A mail that has not been sent yet. `message` is a `MailText` or a `DeferredMail` as JSON.

    An empty `recipient` marks a mail that is dropped instead of sent.
    """

    __tablename__ = "letter"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    recipient: Mapped[str] = mapped_column(String(254))
    message: Mapped[str] = mapped_column(Text)
    attempts: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=_now)
    due_at: Mapped[datetime] = mapped_column(UtcDateTime, default=_now, index=True)


TASK = "mail"
# Seconds between attempts. After the last one the mail is dropped: by then its link has expired.
BACKOFF = (30, 60, 120, 300, 600, 1200, 1200)
_queue = DueQueue(
    model=QueuedMail,
    key=QueuedMail.id,
    due_at=QueuedMail.due_at,
    attempts=QueuedMail.attempts,
    query=select(QueuedMail.__table__),
    backoff=BACKOFF,
    deletes=True,
)
_DONE = Outcome(succeeded=True)
# Built once and run on the connection: the ORM's unit of work costs more than the insert.
_INSERT = insert(cast("Table", QueuedMail.__table__))

# Returns the text for the data of a deferred mail; None if there is no longer anything to send.
Composer = Callable[[dict[str, Any]], MailText | None]

_composers = AppState[dict[str, Composer]]("mail.composers")


class MailNotConfiguredError(StorefrontError):
    """The shop has no SMTP server, so it cannot send mail."""

    status = 503


def register_composer(app: Flask, name: str, compose: Composer) -> None:
    """Register the function that composes the deferred mails of this name."""
    _composers.setdefault(app, {})[name] = compose


def check_configured() -> None:
    """Check that this shop can send or store mail.

    Raises:
        MailNotConfiguredError: in production, without an SMTP server.
    """
    if not current_app.config["SMTP_URL"] and not transport.stores_mail():
        raise MailNotConfiguredError("STOREFRONT_SMTP_URL is not set: this shop cannot send mail.")


def enqueue(
    session: Session, recipient: str | None, content: MailText | DeferredMail, *, key: str | None = None
) -> str:
    """Enqueue a mail in this session's transaction; return its id.

    Args:
        session: the session whose transaction holds the mail.
        recipient: the address. With None the call costs the same but nothing is sent, so that its duration does not
            reveal whether an account exists.
        content: the text, or what the text is composed from when the mail is sent.
        key: the id that the mail gets; a new one by default.

    Raises:
        MailNotConfiguredError: in production, without an SMTP server.
    """
    key = key or uuid.uuid4().hex
    check_configured()
    if current_app.config["SMTP_URL"]:
        # The message is built when it is sent, so that no lock is held while templates render.
        text = msgspec.json.encode(content).decode()
        connection_of(session).execute(_INSERT, {"id": key, "recipient": recipient or "", "message": text})
        return key
    composed = _compose(content)
    message = _build(recipient or "nobody@localhost", composed, key) if composed else None
    if recipient and message:
        transport.store_mail(message, key)
    return key


def enqueue_if_configured(session: Session, recipient: str, text: MailText) -> None:
    """Enqueue a mail that the caller's work does not depend on; without an SMTP server, log a warning instead."""
    try:
        enqueue(session, recipient, text)
    except MailNotConfiguredError as error:
        log.warning("%s The mail %r is not sent.", error, text.subject)


def init_app(app: Flask) -> None:
    """Send mail in the background of every serving process, if an SMTP server is configured."""
    if app.config["SMTP_URL"]:
        periodic.add_task(app, TASK, send_due, interval=1.0)


def send_due() -> int:
    """Send the due mails that no other process is sending; return how many were due."""
    return _queue.run(_deliver).due


def _deliver(attempt: Attempt) -> Outcome:
    """Send one mail; a mail without a recipient is dropped."""
    row = attempt.row
    if not row.recipient:
        return _DONE
    text = row.message
    if text.startswith("{"):  # otherwise an earlier version of the shop stored the complete message
        kind: type[MailText | DeferredMail] = (
            DeferredMail if "worded_by" in msgspec.json.decode(text) else MailText
        )
        composed = _compose(msgspec.json.decode(text, type=kind))
        text = _build(row.recipient, composed, row.id).as_string() if composed else ""
        db.session.remove()  # no transaction stays open during the SMTP dialogue
        if composed is None:
            return _DONE
    try:
        transport.send(current_app.config["SMTP_URL"], row.recipient, text)
    except smtplib.SMTPRecipientsRefused:
        log.warning("the mail server refused the recipient of a mail; it is given up")
        return _DONE
    except (OSError, smtplib.SMTPException) as error:
        given_up = ", given up" * attempt.is_last
        log.warning("a mail could not be sent (attempt %d%s): %s", attempt.number, given_up, error)
        return Outcome(succeeded=False)
    return _DONE


def _compose(content: MailText | DeferredMail) -> MailText | None:
    if isinstance(content, MailText):
        return content
    with use_locale(content.locale):
        return _composers.get(current_app)[content.composer](content.data)


def _build(recipient: str, text: MailText, key: str) -> EmailMessage:
    with use_locale(text.locale):
        return build_message(recipient, text, key)
