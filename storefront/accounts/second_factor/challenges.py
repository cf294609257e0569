"""Challenges of WebAuthn: signed, bound to a purpose, an account and a browser, valid for minutes, used once.

A challenge needs no row before it is answered: its signature says what it is for. The answer's transaction adds the
row that makes it void, so losing Redis loses nothing.
"""

from __future__ import annotations

import hashlib
import secrets
from datetime import UTC, datetime, timedelta
from typing import Literal

from flask import current_app
from itsdangerous import BadSignature, URLSafeTimedSerializer
from sqlalchemy import delete
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from storefront.accounts import cookie
from storefront.accounts.second_factor.models import UsedChallenge
from storefront.web import signing

Purpose = Literal["register", "prove"]
LIFETIME = timedelta(minutes=10)


class ChallengeError(Exception):
    """A challenge is forged, too old, used up, or was issued for something else."""


def issue(purpose: Purpose, user_id: int | None) -> bytes:
    """Return a challenge for this browser; without an account, for a sign-in by passkey alone."""
    content = [purpose, user_id, _browser(), secrets.token_urlsafe(16)]
    return str(_signer().dumps(content)).encode()


def check(challenge: bytes, purpose: Purpose, user_id: int | None) -> None:
    """Check that the challenge was issued for this.

    Raises:
        ChallengeError: it was not, or it is too old.
    """
    try:
        content = _signer().loads(challenge, max_age=int(LIFETIME.total_seconds()))
    except BadSignature as error:
        raise ChallengeError from error
    if content[:3] != [purpose, user_id, _browser()]:
        raise ChallengeError


def use_up(session: Session, challenge: bytes) -> None:
    """Make the challenge void, in the caller's transaction.

    Raises:
        ChallengeError: it has been used.
    """
    now = datetime.now(UTC)
    session.execute(delete(UsedChallenge).where(UsedChallenge.expires_at < now))
    session.add(UsedChallenge(digest=hashlib.sha256(challenge).hexdigest(), expires_at=now + LIFETIME))
    try:
        session.flush()
    except IntegrityError as error:
        raise ChallengeError from error


def _browser() -> str:
    presented = cookie.read()
    return presented.digest[:16] if presented else ""


def _signer() -> URLSafeTimedSerializer:
    return signing.create_timed_serializer(current_app, "webauthn-challenge")
