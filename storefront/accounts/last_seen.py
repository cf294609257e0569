"""When a sign-in was last seen: noted after the response, at most every ten minutes, and never at a page's cost."""

from __future__ import annotations

import logging
import time
from datetime import UTC, datetime, timedelta

from flask import Response, request
from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError

from storefront.accounts.models import SignIn
from storefront.extensions import write_transaction

log = logging.getLogger(__name__)

INTERVAL = 600.0  # seconds
SESSION_LIFETIME = timedelta(
    hours=24
)  # what a sign-in lasts unseen that was not to be kept; browsers restore their cookies
_RECORDED = "storefront.accounts.last_seen"


def record(digest: str, last: float) -> None:
    """Remember to write down that this sign-in was seen, if it was last seen a while ago (seconds of the epoch)."""
    if time.time() - last > INTERVAL:
        request.environ[_RECORDED] = digest


def store(response: Response) -> Response:
    """Write down what was noted in this request."""
    digest = request.environ.pop(_RECORDED, None)
    if digest is None or response.status_code >= 500:
        return response
    now = datetime.now(UTC)
    try:
        with write_transaction() as session:
            row = session.execute(select(SignIn).where(SignIn.digest == digest)).scalar_one_or_none()
            if row is not None and row.revoked_at is None:
                row.last_seen_at = now
                row.expires_at = row.expires_at if row.kept else now + SESSION_LIFETIME
    except SQLAlchemyError as error:
        log.warning("when a sign-in was seen could not be written down: %s", error)
    return response
