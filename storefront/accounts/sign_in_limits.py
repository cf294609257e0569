"""Limits on wrong passwords for each account and each client address, counted in SQL: they work without Redis.

The rate limits `sign-in.account` and `sign-in.address` apply first. While Redis is unavailable, each process counts
those alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from math import ceil

from flask import current_app, request
from sqlalchemy import ColumnElement, delete, func, select

from storefront import rate_limiting
from storefront.accounts.models import FailedSignIn
from storefront.errors import StorefrontError
from storefront.extensions import db, write_transaction
from storefront.i18n import ngettext


@dataclass(frozen=True, slots=True)
class FailureLimit:
    """At most `most` wrong passwords within `window`."""

    most: int
    window: timedelta


ACCOUNT = FailureLimit(10, timedelta(minutes=15))
ADDRESS = FailureLimit(20, timedelta(minutes=5))
RETENTION = timedelta(hours=1)


class TooManyFailuresError(StorefrontError):
    """There were too many wrong passwords for this account or from this address. `retry_after` is in seconds."""

    status = 429

    def __init__(self, retry_after: int) -> None:
        minutes = ceil(retry_after / 60)
        super().__init__(
            ngettext(
                "Too many wrong passwords. Try again in a minute, or have a link mailed to you.",
                "Too many wrong passwords. Try again in %(num)d minutes, or have a link mailed to you.",
                minutes,
            )
        )
        self.retry_after = retry_after


def check_failures(email: str) -> None:
    """Check that a password may be tried now.

    Raises:
        TooManyFailuresError: there were too many failures; raised whether the account exists or not.
    """
    now = datetime.now(UTC)
    waits = [_seconds_to_wait(FailedSignIn.account == _account_digest(email), ACCOUNT, now)]
    if (address := _address_digest()) is not None:
        waits.append(_seconds_to_wait(FailedSignIn.address == address, ADDRESS, now))
    if (longest := max(waits)) > 0:
        raise TooManyFailuresError(longest)


def record_failure(email: str) -> None:
    """Count a wrong password, and delete failures older than `RETENTION`."""
    with write_transaction() as session:
        session.execute(delete(FailedSignIn).where(FailedSignIn.at < datetime.now(UTC) - RETENTION))
        session.add(FailedSignIn(account=_account_digest(email), address=_address_digest() or ""))


def clear_failures(email: str) -> None:
    """Delete the failures of an account after the right password."""
    account = _account_digest(email)
    if db.session.execute(select(FailedSignIn.id).where(FailedSignIn.account == account).limit(1)).first():
        with write_transaction() as session:
            session.execute(delete(FailedSignIn).where(FailedSignIn.account == account))


def _seconds_to_wait(failures: ColumnElement[bool], limit: FailureLimit, now: datetime) -> int:
    """Return in how many seconds the next password may be tried; 0 if now."""
    latest = (
        select(FailedSignIn.at)
        .where(failures, FailedSignIn.at > now - limit.window)
        .order_by(FailedSignIn.at.desc())
        .limit(limit.most)
        .subquery()
    )
    row = db.session.execute(select(func.count(), func.min(latest.c.at)).select_from(latest)).one()
    count: int = row[0]
    oldest: datetime = row[1]
    return max(1, ceil((oldest + limit.window - now).total_seconds())) if count >= limit.most else 0


def _account_digest(email: str) -> str:
    return _digest(f"account:{email}")


def _address_digest() -> str | None:
    """Return a digest of the client's address; None if the address is unknown.

    Clients without a known address are not counted together: one of them could lock out all the others.
    """
    address = rate_limiting.client_address(request.environ)
    return _digest(f"address:{address.name}") if address.is_known else None


def _digest(text: str) -> str:
    key = blake2b(current_app.config["SECRET_KEY"].encode(), digest_size=32).digest()
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16, key=key).hexdigest()
