"""The tables of second factors: passkeys, secrets of authenticator apps, recovery codes, guesses, used challenges."""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import JSON, BigInteger, ForeignKey, Index, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from storefront.extensions import Model, UtcDateTime


def _now() -> datetime:
    return datetime.now(UTC)


def _user() -> ForeignKey:
    return ForeignKey("user_account.id", ondelete="CASCADE")


class Passkey(Model):
    """A WebAuthn credential of an account.

    Attributes:
        credential_id: as the browser sends it, in base64url; at most 1,023 bytes (WebAuthn, 5.4.3).
        public_key: in COSE form.
        sign_count: the authenticator's counter at the last use; many always say 0.
        name: what the person calls it.
        transports: how a browser may reach the authenticator, such as "usb" or "internal".
    """

    __tablename__ = "passkey"

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(_user(), index=True)
    credential_id: Mapped[str] = mapped_column(String(1400), unique=True)
    public_key: Mapped[bytes] = mapped_column(LargeBinary)
    sign_count: Mapped[int] = mapped_column(BigInteger)
    name: Mapped[str] = mapped_column(String(100))
    transports: Mapped[list[str]] = mapped_column(JSON)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=_now)
    last_used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class TotpSecret(Model):
    """The secret that an account shares with its authenticator app, encrypted.

    `last_step` is the time step of the last code that was accepted: it and earlier ones are not accepted again.
    """

    __tablename__ = "totp_secret"

    user_id: Mapped[int] = mapped_column(_user(), primary_key=True)
    secret: Mapped[str] = mapped_column(String(255))
    last_step: Mapped[int] = mapped_column(BigInteger)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=_now)


class RecoveryCode(Model):
    """A code that replaces the second factor once. Only its digest is stored."""

    __tablename__ = "recovery_code"

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(_user())
    digest: Mapped[str] = mapped_column(String(64))
    used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    __table_args__ = (UniqueConstraint("user_id", "digest"),)


class CodeGuess(Model):
    """A code that was tried, counted before it is checked. `account` is a keyed digest of account and factor."""

    __tablename__ = "code_guess"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    account: Mapped[str] = mapped_column(String(32))
    at: Mapped[datetime] = mapped_column(UtcDateTime, default=_now, index=True)

    __table_args__ = (Index("ix_code_guess_account_at", "account", "at"),)


class UsedChallenge(Model):
    """A challenge of WebAuthn that has been answered, kept until its signature has expired."""

    __tablename__ = "used_challenge"

    digest: Mapped[str] = mapped_column(String(64), primary_key=True)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)


class PendingSignIn(Model):
    """A sign-in whose password was right and whose second factor is due.

    `digest` is of the secret in the browser's sign-in cookie, which signs nobody in yet.
    """

    __tablename__ = "pending_sign_in"

    digest: Mapped[str] = mapped_column(String(64), primary_key=True)
    user_id: Mapped[int] = mapped_column(_user(), index=True)
    generation: Mapped[int]
    kept: Mapped[bool]
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
