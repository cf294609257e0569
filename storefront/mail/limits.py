"""Limits on mails that visitors cause, by recipient and by sender, over all kinds: the shop is no relay for spam.

Orders, cancellations, registrations, resets and changes of e-mail count together, in SQL, so that the limits hold in
all processes and without Redis. Mails that staff, payments or the shop itself cause are not limited.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from math import ceil
from typing import NamedTuple

from flask import Flask, current_app, has_request_context, request
from sqlalchemy import Index, String, event
from sqlalchemy.orm import Mapped, Session, mapped_column

from storefront import outbox, periodic, rate_limiting
from storefront.errors import StorefrontError
from storefront.extensions import Model, UtcDateTime, write_transaction
from storefront.i18n import ngettext
from storefront.mail import queue
from storefront.mail.messages import DeferredMail, MailText
from storefront.rate_limiting import sql_windows
from storefront.rate_limiting.sql_windows import Budget

POLICIES = ("mail.recipient", "mail.recipient-day", "mail.address", "mail.account")
# The key in `session.info` with the mails that the transaction is going to enqueue.
_PENDING = "limited_mails"


class CountedMail(Model):
    """A mail that a visitor caused. The columns are keyed digests; empty without a known address or an account."""

    __tablename__ = "counted_mail"

    id: Mapped[int] = mapped_column(primary_key=True)
    recipient: Mapped[str] = mapped_column(String(32))
    address: Mapped[str] = mapped_column(String(32))
    account: Mapped[str] = mapped_column(String(32))
    at: Mapped[datetime] = mapped_column(UtcDateTime, default=lambda: datetime.now(UTC), index=True)

    __table_args__ = (
        Index("ix_counted_mail_recipient_at", "recipient", "at"),
        Index("ix_counted_mail_address_at", "address", "at"),
        Index("ix_counted_mail_account_at", "account", "at"),
    )


class TooManyMailsError(StorefrontError):
    """Too many mails have gone to this recipient or were caused by this sender. `retry_after` is in seconds."""

    status = 429

    def __init__(self, retry_after: int) -> None:
        minutes = ceil(retry_after / 60)
        super().__init__(
            ngettext(
                "We’ve sent many e-mails recently. Check your inbox, or try again in a minute.",
                "We’ve sent many e-mails recently. Check your inbox, or try again in %(num)d minutes.",
                minutes,
            )
        )
        self.retry_after = retry_after


class _LimitedMail(NamedTuple):
    key: str
    recipient: str
    content: MailText | DeferredMail
    delivers: bool
    refused: Callable[[Session], None] | None


def init_app(app: Flask) -> None:
    """Enqueue limited mails just before each commit, and delete old counts in the background."""
    outbox.before_commit(app, _enqueue_pending)
    periodic.add_task(app, "mail-counts", delete_old, interval=3600.0)


def enqueue_limited(
    session: Session,
    recipient: str,
    content: MailText | DeferredMail,
    *,
    delivers: bool = True,
    refused: Callable[[Session], None] | None = None,
) -> str:
    """Enqueue a mail that a visitor causes, now or by an earlier request, if the limits admit it; return its id.

    It is counted just before the commit: its keys are the last locks that the transaction takes.

    Args:
        session: the session of the write transaction that holds the mail.
        recipient: the canonical address (`normalize_email`) that the mail goes to.
        content: as for `mail.enqueue`.
        delivers: False if nothing is sent, but everything costs and counts the same.
        refused: called before the commit if the mail is over a limit. Without it the transaction fails.

    Raises:
        MailNotConfiguredError: in production, without an SMTP server.
        TooManyMailsError: raised by the commit, if the mail is over a limit and `refused` is not given.
    """
    queue.check_configured()
    mail = _LimitedMail(uuid.uuid4().hex, recipient, content, delivers, refused)
    if session.in_nested_transaction():
        _enqueue(session, mail)
    else:
        session.info.setdefault(_PENDING, []).append(mail)
    return mail.key


def delete_old() -> None:
    """Delete the counts of mails that no limit needs any more."""
    with write_transaction() as session:
        sql_windows.delete_expired(session, CountedMail, POLICIES)


def _enqueue_pending(session: Session) -> None:
    for mail in session.info.pop(_PENDING, ()):
        _enqueue(session, mail)


def _enqueue(session: Session, mail: _LimitedMail) -> None:
    if current_app.config["LIMITS"]:
        row, budgets = _budgets(mail.recipient)
        if not sql_windows.use_budgets(session, CountedMail, row, budgets):
            if mail.refused is None:
                raise TooManyMailsError(sql_windows.seconds_to_wait(CountedMail, budgets) or 1)
            mail.refused(session)
            return
    queue.enqueue(session, mail.recipient if mail.delivers else None, mail.content, key=mail.key)


def _budgets(recipient: str) -> tuple[dict[str, str], list[Budget]]:
    """Return the row that counts a mail of the current request, if there is one, and the budgets that it uses."""
    row = {"recipient": sql_windows.digest(f"recipient:{recipient}"), "address": "", "account": ""}
    if has_request_context():
        signed_in = rate_limiting.identify(request.environ)
        row["address"] = rate_limiting.address_digest(request.environ) or ""
        row["account"] = sql_windows.digest(f"account:{signed_in}") if signed_in else ""
    columns = ("recipient", "recipient", "address", "account")
    return row, [
        Budget(policy, column, row[column])
        for policy, column in zip(POLICIES, columns, strict=True)
        if row[column]
    ]


@event.listens_for(Session, "after_rollback")
def _discard(session: Session) -> None:
    if not session.in_nested_transaction():
        session.info.pop(_PENDING, None)
