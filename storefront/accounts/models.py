"""People: accounts, their addresses, where they are signed in, and sign-ins that failed."""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from storefront.cache import keys
from storefront.extensions import Model, UtcDateTime


def _now() -> datetime:
    return datetime.now(UTC)


class User(Model):
    """An account. Its e-mail is stored folded (`email_address.fold`): one account for all spellings of a mailbox.

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

    # Numbers of people who are gone are not given to others: baskets and orders may still name them.
    __table_args__ = ({"sqlite_autoincrement": True},)

    def cache_tags(self) -> set[str]:
        """What shows an account: its profile."""
        return {keys.user_tag(self.id)}


class SignIn(Model):
    """A browser in which somebody has signed in. Only a digest of its cookie is kept.

    It holds while it is not revoked, not expired, and of its account's present generation.
    """

    __tablename__ = "sign_in"

    id: Mapped[int] = mapped_column(primary_key=True)
    digest: Mapped[str] = mapped_column(String(64), unique=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id", ondelete="CASCADE"), index=True)
    generation: Mapped[int]
    device: Mapped[str] = mapped_column(String(100))
    kept: Mapped[bool]  # whether "keep me signed in" was asked for
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=_now)
    last_seen_at: Mapped[datetime] = mapped_column(UtcDateTime, default=_now)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    revoked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    user: Mapped[User] = relationship()

    def cache_tags(self) -> set[str]:
        """The profile says which sign-ins hold."""
        return {keys.user_tag(self.user_id)}


class Address(Model):
    """Where somebody has things sent to. `country` is an ISO 3166-1 code."""

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
    """A password that was wrong: for limits that hold without Redis. Names neither the account nor the address."""

    __tablename__ = "failed_sign_in"

    id: Mapped[int] = mapped_column(primary_key=True)
    account: Mapped[str] = mapped_column(String(32))  # keyed digests
    address: Mapped[str] = mapped_column(String(32))
    at: Mapped[datetime] = mapped_column(UtcDateTime, default=_now, index=True)

    __table_args__ = (
        Index("ix_failed_sign_in_account_at", "account", "at"),
        Index("ix_failed_sign_in_address_at", "address", "at"),
    )
