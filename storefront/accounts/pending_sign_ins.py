"""Sign-ins between the password and the second factor: a row in SQL, named by the browser's sign-in cookie.

Nobody is signed in by it. After ten minutes, or another sign-in in this browser, the person begins with the password.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from sqlalchemy import delete, select

from storefront.accounts import cookie
from storefront.accounts.models import User
from storefront.accounts.second_factor.models import PendingSignIn
from storefront.extensions import db, write_transaction

LIFETIME = timedelta(minutes=10)


def begin(user_id: int, generation: int, *, keep: bool) -> None:
    """Note that the password was right, and give this browser the cookie that names the pending sign-in."""
    now = datetime.now(UTC)
    with write_transaction() as session:
        session.execute(delete(PendingSignIn).where(PendingSignIn.expires_at < now))
        issued = cookie.issue(user_id, keep=keep)
        session.add(
            PendingSignIn(
                digest=issued.digest,
                user_id=user_id,
                generation=generation,
                kept=keep,
                expires_at=now + LIFETIME,
            )
        )


def find() -> PendingSignIn | None:
    """Return this browser's pending sign-in; None if it has none, or its account has changed since."""
    presented = cookie.read()
    if presented is None:
        return None
    query = (
        select(PendingSignIn)
        .join(User, User.id == PendingSignIn.user_id)
        .where(
            PendingSignIn.digest == presented.digest,
            PendingSignIn.expires_at > datetime.now(UTC),
            PendingSignIn.generation == User.generation,
            User.disabled_at.is_(None),
        )
    )
    return db.session.execute(query).scalar_one_or_none()


def end(digest: str) -> bool:
    """End a pending sign-in; return False if another request has ended it."""
    with write_transaction() as session:
        ended = session.execute(
            delete(PendingSignIn).where(PendingSignIn.digest == digest).returning(PendingSignIn.digest)
        ).all()
    return len(ended) == 1
