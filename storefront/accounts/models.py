"""The tables of accounts, their addresses, their sign-ins, and failed sign-ins."""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from storefront.cache import keys
from storefront.extensions import Model, UtcDateTime


def _now() -> datetime:
    return datetime.now(UTC)


class User(Model):
    """An account. Its e-mail is stored in canonical form (`normalize_email`): one account for all its spellings.

    A new password or e-mail and signing out everywhere increase `generation`: that ends all earlier sign-ins and
    mailed links.
    """

    __tablename__ = "user_account"

    id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str] = mapped_column(String(254), unique=True)
    password_hash: Mapped[str] = mapped_column(String(255))
    name: Mapped[str] = mapped_column(String(100), default="")
    is_staff: Mapped[bool] = mapped_column(default=False)
    generation: Mapped[int] = mapped_column(default=1)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=_now)

    # SQLite must not reuse the id of a deleted account: baskets and orders may still refer to it.
    __table_args__ = ({"sqlite_autoincrement": True},)

    def cache_tags(self) -> set[str]:
        """Return the tag of the cached profile."""
        return {keys.user_tag(self.id)}


class SignIn(Model):
    """A sign-in of an account in one browser. Only a digest of the cookie's secret is stored.

    It is valid while it is not revoked, not expired, and has its account's present generation. `kept` says whether
    "keep me signed in" was ticked.
    """

    __tablename__ = "sign_in"

    id: Mapped[int] = mapped_column(primary_key=True)
    digest: Mapped[str] = mapped_column(String(64), unique=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id", ondelete="CASCADE"), index=True)
    generation: Mapped[int]
    device: Mapped[str] = mapped_column(String(100))
    kept: Mapped[bool]
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=_now)
    last_seen_at: Mapped[datetime] = mapped_column(UtcDateTime, default=_now)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    revoked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    user: Mapped[User] = relationship()

    def cache_tags(self) -> set[str]:
        """Return the tag of the cached profile, which lists the valid sign-ins."""
        return {keys.user_tag(self.user_id)}


class Address(Model):
    """An address in an account's address book. `country` is an ISO 3166-1 code."""

    __tablename__ = "address"

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id", ondelete="CASCADE"), index=True)
    name: Mapped[str] = mapped_column(String(100))
    company: Mapped[str] = mapped_column(String(100), default="")
    line1: Mapped[str] = mapped_column(String(200))
    line2: Mapped[str] = mapped_column(String(200), default="")
    postcode: Mapped[str] = mapped_column(String(20), default="")
    city: Mapped[str] = mapped_column(String(100))
    region: Mapped[str] = mapped_column(String(100), default="")
    country: Mapped[str] = mapped_column(String(2))
    phone: Mapped[str] = mapped_column(String(40), default="")
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=_now)


class FailedSignIn(Model):
    """A wrong password, counted for the limits that work without Redis.

    `account` and `address` are keyed digests of the e-mail and of the client's address.
    """

    __tablename__ = "failed_sign_in"

    id: Mapped[int] = mapped_column(primary_key=True)
    account: Mapped[str] = mapped_column(String(32))
    address: Mapped[str] = mapped_column(String(32))
    at: Mapped[datetime] = mapped_column(UtcDateTime, default=_now, index=True)

    __table_args__ = (
        Index("ix_failed_sign_in_account_at", "account", "at"),
        Index("ix_failed_sign_in_address_at", "address", "at"),
    )
