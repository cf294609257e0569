"""Wrong passwords, counted in SQL: a limit for each account and each address that no loss of Redis lifts.

The rate limits `sign-in.account` and `sign-in.address` come first; while Redis is away they are each process's own.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from math import ceil

from flask import current_app, request
from sqlalchemy import ColumnElement, delete, func, select

from storefront.accounts.models import FailedSignIn
from storefront.errors import StorefrontError
from storefront.extensions import db, write_transaction
from storefront.rate_limiting import Limits
from storefront.rate_limiting.identity import NOWHERE


@dataclass(frozen=True, slots=True)
class FailureLimit:
    """So many wrong passwords in so long."""

    most: int
    window: timedelta


ACCOUNT = FailureLimit(10, timedelta(minutes=15))
ADDRESS = FailureLimit(20, timedelta(minutes=5))
RETENTION = timedelta(hours=1)


class TooManyFailuresError(StorefrontError):
    """Too many wrong passwords, for this account or from this address. `retry_after` is in seconds."""

    status = 429

    def __init__(self, retry_after: int) -> None:
        minutes = ceil(retry_after / 60)
        super().__init__(
            "Too many wrong passwords. Try again in "
            f"{'a minute' if minutes == 1 else f'{minutes} minutes'}, or have a link mailed to you."
        )
        self.retry_after = retry_after


def check_failures(email: str) -> None:
    """Let a password be looked at.

    Raises:
        TooManyFailuresError: not now, whether there is such an account or not.
    """
    now = datetime.now(UTC)
    waits = [_seconds_to_wait(FailedSignIn.account == _account_digest(email), ACCOUNT, now)]
    if (address := _address_digest()) is not None:
        waits.append(_seconds_to_wait(FailedSignIn.address == address, ADDRESS, now))
    if (longest := max(waits)) > 0:
        raise TooManyFailuresError(longest)


def record_failure(email: str) -> None:
    """Count a wrong password; what is too old to count is forgotten."""
    with write_transaction() as session:
        session.execute(delete(FailedSignIn).where(FailedSignIn.at < datetime.now(UTC) - RETENTION))
        session.add(FailedSignIn(account=_account_digest(email), address=_address_digest() or ""))


def clear_failures(email: str) -> None:
    """Forget the wrong passwords of an account whose owner has come."""
    account = _account_digest(email)
    if db.session.execute(select(FailedSignIn.id).where(FailedSignIn.account == account).limit(1)).first():
        with write_transaction() as session:
            session.execute(delete(FailedSignIn).where(FailedSignIn.account == account))


def _seconds_to_wait(which: ColumnElement[bool], bound: FailureLimit, now: datetime) -> int:
    """Return in how many seconds the next password may be tried; 0 if now."""
    latest = (
        select(FailedSignIn.at)
        .where(which, FailedSignIn.at > now - bound.window)
        .order_by(FailedSignIn.at.desc())
        .limit(bound.most)
        .subquery()
    )
    row = db.session.execute(select(func.count(), func.min(latest.c.at)).select_from(latest)).one()
    count: int = row[0]
    oldest: datetime = row[1]
    return max(1, ceil((oldest + bound.window - now).total_seconds())) if count >= bound.most else 0


def _account_digest(email: str) -> str:
    return _digest(f"account:{email}")


def _address_digest() -> str | None:
    """Return what stands for the client's address; None if it has none of its own, lest one locks out everybody."""
    limits: Limits = current_app.extensions["rate_limiting"]
    name = limits.places.of(request.environ).name
    return None if name == NOWHERE else _digest(f"address:{name}")


def _digest(text: str) -> str:
    key = blake2b(current_app.config["SECRET_KEY"].encode(), digest_size=32).digest()
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16, key=key).hexdigest()
