"""The time of a sign-in's last use: stored after the response, at most every ten minutes."""

from __future__ import annotations

import logging
import time
from datetime import UTC, datetime

from flask import Response, request
from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError

from storefront.accounts import lifetimes
from storefront.accounts.models import SignIn
from storefront.extensions import write_transaction

log = logging.getLogger(__name__)

INTERVAL = 600.0  # seconds
_RECORDED = "storefront.accounts.last_seen"


def record(digest: str, last: float) -> None:
    """Record that this sign-in is used, unless its last use (`last`, seconds since the epoch) is recent."""
    if time.time() - last > INTERVAL:
        request.environ[_RECORDED] = digest


def store(response: Response) -> Response:
    """Store the use that this request recorded. A failure is only logged: the response does not depend on it."""
    digest = request.environ.pop(_RECORDED, None)
    if digest is None or response.status_code >= 500:
        return response
    now = datetime.now(UTC)
    try:
        with write_transaction() as session:
            row = session.execute(select(SignIn).where(SignIn.digest == digest)).scalar_one_or_none()
            if row is not None and row.revoked_at is None:
                row.last_seen_at = now
                row.ends_at = row.ends_at or now + lifetimes.absolute(
                    is_staff=row.user.is_staff, kept=row.kept
                )
                row.expires_at = min(now + lifetimes.sliding(kept=row.kept), row.ends_at)
    except SQLAlchemyError as error:
        log.warning("the last use of a sign-in could not be stored: %s", error)
    return response
