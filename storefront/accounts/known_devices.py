"""Known devices: browsers in which an account has signed in before. Each has a budget of wrong passwords of its own.

So a stranger who tries passwords cannot lock the owner out (OWASP, "Slow down online guessing attacks with device
cookies"). The device cookie holds a signed random secret, of which SQL stores a digest. It is issued only after a
sign-in or a completed password reset, outlives a sign-out, and opens nothing by itself.
"""

from __future__ import annotations

import hashlib
import secrets
from datetime import UTC, datetime, timedelta

from flask import Response, current_app, request
from itsdangerous import BadSignature
from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from storefront.accounts import cookie, security_events, user_agents
from storefront.accounts.models import KnownDevice, User
from storefront.extensions import db, write_transaction
from storefront.web import signing

# Browsers keep no cookie longer (RFC 6265bis, 5.5).
LIFETIME = timedelta(days=400)
# Per account. A further device replaces the one that was used longest ago.
MAX_DEVICES = 50
_MAX_LENGTH = 200
# The key in the WSGI environ that holds the value of the cookie that the response sets.
_TO_SET = "storefront.accounts.device_cookie"


def is_presented() -> bool:
    """Return whether the current request has a device cookie that this shop issued, for whichever account."""
    return _read() is not None


def is_not_presented() -> bool:
    """Return the opposite of `is_presented`, for declarations of rate limits."""
    return not is_presented()


def find(email: str) -> int | None:
    """Return the id of the current request's device if it is known to the account with this e-mail, else None."""
    digest = _read()
    if digest is None:
        return None
    query = (
        select(KnownDevice.id)
        .join(User, User.id == KnownDevice.user_id)
        .where(
            KnownDevice.digest == digest,
            KnownDevice.generation == User.generation,
            KnownDevice.last_used_at > datetime.now(UTC) - LIFETIME,
            User.email == email,
            User.disabled_at.is_(None),
        )
    )
    return db.session.execute(query).scalar_one_or_none()


def remember(session: Session, user_id: int, generation: int) -> KnownDevice:
    """Make this browser a known device of the account, with a new secret: one that was planted is void.

    Other accounts that have signed in in this browser keep it as their device.
    """
    former, now = _read(), datetime.now(UTC)
    secret = secrets.token_urlsafe(24)
    digest = _digest(secret)
    if former is not None:
        session.execute(update(KnownDevice).where(KnownDevice.digest == former).values(digest=digest))
    mine = select(KnownDevice).where(KnownDevice.digest == digest, KnownDevice.user_id == user_id)
    device = session.execute(mine).scalar_one_or_none()
    if device is None:
        device = KnownDevice(user_id=user_id, digest=digest)
        session.add(device)
    device.generation, device.last_used_at = generation, now
    device.device = user_agents.describe(request.user_agent.string)
    session.flush()
    _delete_old(session, user_id, now)
    request.environ[_TO_SET] = signing.create_serializer(current_app, "device").dumps(secret)
    return device


def keep(session: Session, user_id: int, former: int, generation: int) -> None:
    """Let this browser stay a known device when the account's generation changes."""
    if (digest := _read()) is not None:
        mine = (KnownDevice.digest == digest) & (KnownDevice.user_id == user_id)
        session.execute(
            update(KnownDevice).where(mine, KnownDevice.generation == former).values(generation=generation)
        )


def forget(user_id: int, device_id: int) -> None:
    """Make a device unknown to its account. It is not an error if it is already."""
    with write_transaction() as session:
        device = session.get(KnownDevice, device_id)
        if device is not None and device.user_id == user_id:
            security_events.record(session, "device-removed", user_id, detail=device.device)
            session.delete(device)


def write(response: Response) -> Response:
    """Set the device cookie on the response if this request has made the browser a known device."""
    if (value := request.environ.pop(_TO_SET, None)) is not None:
        name, flags = cookie.name_and_flags(cookie.DEVICE_COOKIE)
        response.set_cookie(name, value, max_age=LIFETIME, httponly=True, **flags)
    return response


def _read() -> str | None:
    """Return the digest of the secret in the request's device cookie; None without a cookie of this shop."""
    value = cookie.read_value(current_app, request.environ, cookie.DEVICE_COOKIE)
    if not value or len(value) > _MAX_LENGTH:
        return None
    try:
        content = signing.create_serializer(current_app, "device").loads(value)
    except BadSignature:
        return None
    return _digest(content) if isinstance(content, str) else None


def _delete_old(session: Session, user_id: int, now: datetime) -> None:
    """Delete devices that can no longer be known, and those above `MAX_DEVICES`."""
    session.execute(delete(KnownDevice).where(KnownDevice.last_used_at < now - LIFETIME))
    newest = select(KnownDevice.id).where(KnownDevice.user_id == user_id)
    newest = newest.order_by(KnownDevice.last_used_at.desc(), KnownDevice.id.desc()).limit(MAX_DEVICES)
    kept = session.execute(newest).scalars().all()
    session.execute(delete(KnownDevice).where(KnownDevice.user_id == user_id, KnownDevice.id.not_in(kept)))


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
