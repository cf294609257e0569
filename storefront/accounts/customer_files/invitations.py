"""Letters to people whose account came from another shop: it has no password until they choose one."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from datetime import UTC, datetime

from sqlalchemy import select

from storefront import mail
from storefront.accounts import messages
from storefront.accounts.models import User
from storefront.extensions import write_transaction

# Between two letters: providers take a burst of hundreds for spam.
SECONDS_BETWEEN = 1.0


def invite(
    emails: Iterable[str],
    *,
    wait: Callable[[float], object] = time.sleep,
    progress: Callable[[int], object] | None = None,
) -> int:
    """Send a letter to each imported account among these without a letter or a password yet; return how many.

    A letter and its note in the account's row are one transaction: nobody gets two, whenever this is stopped.

    Args:
        emails: in canonical form.
        wait: waits so many seconds.
        progress: called with the number of letters so far.

    Raises:
        MailNotConfiguredError: the shop cannot send mail.
    """
    mail.check_configured()
    count = 0
    for email in emails:
        if not _enqueue(email):
            continue
        count += 1
        if progress:
            progress(count)
        wait(SECONDS_BETWEEN)
    return count


def _enqueue(email: str) -> bool:
    with write_transaction() as session:
        user = session.scalar(
            select(User)
            .where(
                User.email == email,
                User.imported_at.is_not(None),
                User.invited_at.is_(None),
                User.disabled_at.is_(None),
                User.generation == 1,  # a password would have increased it
            )
            .with_for_update()
        )
        if user is None:
            return False
        user.invited_at = datetime.now(UTC)
        mail.enqueue(session, email, messages.invitation(user.locale))
    return True
