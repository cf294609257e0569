"""The tables of accounts, their addresses, sign-ins and known devices, and failed sign-ins."""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint, false
from sqlalchemy.orm import Mapped, mapped_column, relationship

from storefront.actors import ChangedBy, actor_text
from storefront.extensions import Model, UtcDateTime
from storefront.languages import current_locale
from storefront.shop_cache import keys

_SORTED_BY_BYTES = String(100).with_variant(String(100, collation="C"), "postgresql")


def _now() -> datetime:
    return datetime.now(UTC)


class User(ChangedBy, Model):
    """An account. Its e-mail is stored in canonical form (`normalize_email`): one account for all its spellings.

    A new password or e-mail, another role and signing out everywhere increase `generation`: that ends all earlier
    sign-ins and mailed links. A disabled account cannot sign in.

    `confirmed_email` is the address as its owner typed it (`exact_email`) when a link that was mailed there was used;
    "" if that never happened. Orders of guests belong to the account by it.

    An account that came from another shop (`imported_at`) has no password until its owner sets one; `invited_at` is
    when a letter said so. `marketing_consent_at` is when the person agreed to news by mail (None: has not),
    `marketing_consent_source` says how that is known.

    `locale` is the further language of the shop in which its owner last signed in, ordered or chose a language, such
    as "de_DE"; "" is the shop's own. Letters about the account are in it.

    `is_staff` says whether the account belongs to the staff, `role` what it may do there (`web/permissions.py`).
    """

    __tablename__ = "user_account"

    id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str] = mapped_column(String(254), unique=True)
    confirmed_email: Mapped[str] = mapped_column(String(254), default="", server_default="")
    password_hash: Mapped[str] = mapped_column(String(255))
    name: Mapped[str] = mapped_column(String(100), default="")
    locale: Mapped[str] = mapped_column(String(32), default=current_locale, server_default="")
    is_staff: Mapped[bool] = mapped_column(default=False, index=True)
    role: Mapped[str] = mapped_column(String(16), default="", server_default="")
    generation: Mapped[int] = mapped_column(default=1)
    disabled_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=_now)
    imported_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    invited_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    marketing_consent_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    marketing_consent_source: Mapped[str] = mapped_column(String(255), default="", server_default="")

    __table_args__ = (
        # Staff look for the beginning of an e-mail; the unique index of PostgreSQL is in the order of a language.
        Index("ix_user_account_email", "email", postgresql_ops={"email": "varchar_pattern_ops"}),
        # SQLite must not reuse the id of a deleted account: baskets and orders may still refer to it.
        {"sqlite_autoincrement": True},
    )

    @property
    def staff_role(self) -> str:
        """The role of a member of the staff; "" for customers. A release without roles wrote only `is_staff`."""
        return (self.role or "manager") if self.is_staff else ""

    def cache_tags(self) -> set[str]:
        """Return the tag of the cached profile."""
        return {keys.user_tag(self.id)}


class AccountNameWord(Model):
    """A word of an account's name, as staff look for it (`postal.name_words`). `customer_search` keeps the rows."""

    __tablename__ = "account_name_word"

    word: Mapped[str] = mapped_column(_SORTED_BY_BYTES, primary_key=True)
    user_id: Mapped[int] = mapped_column(
        ForeignKey("user_account.id", ondelete="CASCADE"), primary_key=True, index=True
    )

    __table_args__ = ({"sqlite_with_rowid": False},)


class SignIn(Model):
    """A sign-in of an account in one browser. Only a digest of the cookie's secret is stored.

    It is valid while it is not revoked, not expired, and has its account's present generation.

    Attributes:
        kept: whether "keep me signed in" was ticked.
        by_link: whether a sign-in link was used instead of a password.
        expires_at: the end of the sliding lifetime, which each use moves, but never beyond `ends_at`.
        ends_at: the end of the absolute lifetime; None until the first use of a row that an older release wrote.
        proven_at: when the person last proved who they are in this browser; None if an older release did not note it.
        known_device_id: the browser as a known device; None if the sign-in is older than the table of those.
    """

    __tablename__ = "sign_in"

    id: Mapped[int] = mapped_column(primary_key=True)
    digest: Mapped[str] = mapped_column(String(64), unique=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id", ondelete="CASCADE"), index=True)
    generation: Mapped[int]
    device: Mapped[str] = mapped_column(String(100))
    kept: Mapped[bool]
    by_link: Mapped[bool] = mapped_column(default=False, server_default=false())
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=_now)
    last_seen_at: Mapped[datetime] = mapped_column(UtcDateTime, default=_now)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ends_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    proven_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    revoked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    known_device_id: Mapped[int | None]

    user: Mapped[User] = relationship()

    def cache_tags(self) -> set[str]:
        """Return the tag of the cached profile, which lists the valid sign-ins."""
        return {keys.user_tag(self.user_id)}


class KnownDevice(Model):
    """A browser in which an account has signed in before. It is known while it has the account's present generation.

    `digest` is that of the secret in its cookie. A browser in which several accounts sign in has a row for each.
    """

    __tablename__ = "known_device"

    id: Mapped[int] = mapped_column(primary_key=True)
    digest: Mapped[str] = mapped_column(String(64))
    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id", ondelete="CASCADE"), index=True)
    generation: Mapped[int]
    device: Mapped[str] = mapped_column(String(100))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=_now)
    last_used_at: Mapped[datetime] = mapped_column(UtcDateTime, default=_now, index=True)

    # Failures are counted by the id, so SQLite must not reuse it.
    __table_args__ = (UniqueConstraint("digest", "user_id"), {"sqlite_autoincrement": True})


class SignInLink(Model):
    """A printed link that signs its account in once, while the account has this generation.

    Only a digest of the link's token is stored.
    """

    __tablename__ = "sign_in_link"

    digest: Mapped[str] = mapped_column(String(64), primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id", ondelete="CASCADE"), index=True)
    generation: Mapped[int]
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)


class StaffInvitation(ChangedBy, Model):
    """An invitation to the staff that was mailed and not accepted yet. Only a digest of the link's token is stored.

    `email` is the folded address, `exact_email` the one that was typed.
    """

    __tablename__ = "staff_invitation"

    id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str] = mapped_column(String(254), unique=True)
    exact_email: Mapped[str] = mapped_column(String(254))
    role: Mapped[str] = mapped_column(String(16))
    digest: Mapped[str] = mapped_column(String(64), unique=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=_now)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)


class SavedFilter(Model):
    """A filter of a list of the back office that a person keeps: a name, and the query of the list's URL.

    Attributes:
        page: which list, such as "products".
    """

    __tablename__ = "saved_filter"

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id", ondelete="CASCADE"))
    page: Mapped[str] = mapped_column(String(20))
    name: Mapped[str] = mapped_column(String(60))
    query: Mapped[str] = mapped_column(Text)

    __table_args__ = (UniqueConstraint("user_id", "page", "name"),)


class Address(ChangedBy, Model):
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
    """An attempt to sign in: a wrong password, or one whose check has not ended yet.

    `account` and `address` are keyed digests of the e-mail and of the client's address. For an attempt from a known
    device, `account` is a digest of the device's id and `address` is empty: it uses the device's budget only.
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


class SecurityEvent(Model):
    """Something that matters for the security of an account. Rows are added, never changed (`security_events`).

    `user_id` is None if the event names no account. `name` is the account's e-mail at that time; `address` and
    `device` are of the request, empty for a command. `actor` says who made the change (`storefront.actors`).
    """

    __tablename__ = "security_event"

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(32))
    user_id: Mapped[int | None]  # no foreign key: the row outlives the account
    name: Mapped[str] = mapped_column(String(254), default="")
    actor: Mapped[str] = mapped_column(String(255), default=actor_text)
    address: Mapped[str] = mapped_column(String(45), default="")
    device: Mapped[str] = mapped_column(String(100), default="")
    detail: Mapped[str] = mapped_column(String(255), default="")
    at: Mapped[datetime] = mapped_column(UtcDateTime, default=_now, index=True)

    __table_args__ = (
        Index("ix_security_event_user_id_id", "user_id", "id"),
        Index("ix_security_event_kind_user_id_at", "kind", "user_id", "at"),
        Index("ix_security_event_actor", "actor", "id"),
    )
