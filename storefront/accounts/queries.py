"""Queries of accounts: the cached profile, valid sign-ins, addresses, and the data export."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import ColumnElement, false, select
from sqlalchemy.orm import Session

from storefront import cache
from storefront.accounts.models import Address, KnownDevice, SecurityEvent, SignIn, User
from storefront.extensions import db
from storefront.shop_cache import keys

EVENTS_PER_PAGE = 100
MAX_EXPORTED_EVENTS = 10_000


@dataclass(frozen=True, slots=True)
class Shopper:
    """The part of a signed-in account that any page may use."""

    id: int
    name: str
    role: str
    locale: str = ""  # of the account, as `User.locale`

    @classmethod
    def of(cls, user: User) -> Shopper:
        """Return the shopper of an account."""
        return cls(user.id, user.name, user.staff_role, user.locale)

    @property
    def is_staff(self) -> bool:
        """Whether the account belongs to the staff."""
        return bool(self.role)


@dataclass(frozen=True, slots=True)
class Profile:
    """The cached profile of an account.

    Attributes:
        shopper: the account.
        sign_ins: the valid sign-ins by digest: time of the last use and of expiry, in seconds since the epoch.
    """

    shopper: Shopper
    sign_ins: dict[str, tuple[float, float]]


def is_valid(now: datetime) -> ColumnElement[bool]:
    """Return the SQL condition that a sign-in, joined with its user, is valid now."""
    return (
        SignIn.revoked_at.is_(None)
        & (SignIn.expires_at > now)
        & (SignIn.generation == User.generation)
        & User.disabled_at.is_(None)
    )


def fetch_profile(user_id: int) -> Profile | None:
    """Return an account's profile, cached; None if the account does not exist."""
    shape: Any = Profile | None
    found: Profile | None = cache.fetch(keys.profile(user_id), shape, lambda: _read_profile(user_id))
    return found


def find_sign_in(digest: str) -> tuple[SignIn, User] | None:
    """Return the sign-in with this digest and its user, read from SQL; None if it is not valid."""
    row = db.session.execute(
        select(SignIn, User)
        .join(User, User.id == SignIn.user_id)
        .where(SignIn.digest == digest, is_valid(datetime.now(UTC)))
    ).one_or_none()
    return (row.SignIn, row.User) if row else None


def lock_account(session: Session, user_id: int) -> User | None:
    """Return an account, which other transactions wait for until this one ends; None if it is gone.

    Code that reads something of an account and then decides what to write about it locks it first.
    """
    query = select(User).where(User.id == user_id).with_for_update().execution_options(populate_existing=True)
    return session.execute(query).scalar_one_or_none()


def read_names(user_ids: Collection[str]) -> dict[str, str]:
    """Return name and e-mail of these accounts, for pages that staff read."""
    ids = [int(one) for one in user_ids if one.isdecimal()]
    query = select(User.id, User.name, User.email).where(User.id.in_(ids))
    return {str(row.id): name_account(row.name, row.email) for row in db.session.execute(query)}


def name_account(name: str, email: str) -> str:
    """Return how pages that staff read call an account."""
    return f"{name} ({email})" if name else email


def list_sign_ins(user_id: int) -> Sequence[SignIn]:
    """Return the valid sign-ins of a user, the last used first."""
    return (
        db.session.execute(
            select(SignIn)
            .join(User, User.id == SignIn.user_id)
            .where(SignIn.user_id == user_id, is_valid(datetime.now(UTC)))
            .order_by(SignIn.last_seen_at.desc(), SignIn.id.desc())
        )
        .scalars()
        .all()
    )


def list_known_devices(user_id: int) -> Sequence[KnownDevice]:
    """Return the devices that the account knows at present, the last used first."""
    return (
        db.session.execute(
            select(KnownDevice)
            .join(User, User.id == KnownDevice.user_id)
            .where(KnownDevice.user_id == user_id, KnownDevice.generation == User.generation)
            .order_by(KnownDevice.last_used_at.desc(), KnownDevice.id.desc())
        )
        .scalars()
        .all()
    )


def list_addresses(user_id: int) -> Sequence[Address]:
    """Return a user's addresses, the oldest first."""
    return (
        db.session.execute(select(Address).where(Address.user_id == user_id).order_by(Address.id))
        .scalars()
        .all()
    )


def list_security_events(user_id: int, most: int = EVENTS_PER_PAGE) -> Sequence[SecurityEvent]:
    """Return the security events of an account, newest first."""
    query = select(SecurityEvent).where(SecurityEvent.user_id == user_id).order_by(SecurityEvent.id.desc())
    return db.session.scalars(query.limit(most)).all()


def search_security_events(person: str, kind: str, before: int | None) -> Sequence[SecurityEvent]:
    """Return a page of all security events, newest first.

    Args:
        person: the e-mail of the account that the events are about, or that caused them; empty for all.
        kind: the kind of the events; empty for all.
        before: the id of the last event of the page before.
    """
    conditions: list[ColumnElement[bool]] = []
    if person:
        found = db.session.scalar(select(User.id).where(User.email == person))
        actors = [f"staff:{found}", f"customer:{found}"]
        conditions.append(
            (SecurityEvent.name == person)
            | (SecurityEvent.user_id == found if found is not None else false())
            | SecurityEvent.actor.in_(actors if found is not None else [])
        )
    if kind:
        conditions.append(SecurityEvent.kind == kind)
    if before is not None:
        conditions.append(SecurityEvent.id < before)
    query = select(SecurityEvent).where(*conditions).order_by(SecurityEvent.id.desc())
    return db.session.scalars(query.limit(EVENTS_PER_PAGE)).all()


def export_account(user: User) -> dict[str, Any]:
    """Return the data that accounts keep of a person, as JSON can hold it."""
    return {
        "profile": {
            "email": user.email,
            "name": user.name,
            "locale": user.locale,
            "staff": user.is_staff,
            "role": user.staff_role,
            "created_at": user.created_at,
            "imported_at": user.imported_at,
            "marketing_consent_at": user.marketing_consent_at,
            "marketing_consent_source": user.marketing_consent_source,
        },
        "addresses": [
            {
                column.key: getattr(row, column.key)
                for column in Address.__table__.columns
                if column.key not in ("id", "user_id", "changed_by")
            }
            for row in list_addresses(user.id)
        ],
        "sign_ins": [
            {"device": row.device, "created_at": row.created_at, "last_seen_at": row.last_seen_at}
            for row in list_sign_ins(user.id)
        ],
        "known_devices": [
            {"device": row.device, "created_at": row.created_at, "last_used_at": row.last_used_at}
            for row in list_known_devices(user.id)
        ],
        "security_events": [
            {
                "kind": row.kind,
                "at": row.at,
                "address": row.address,
                "device": row.device,
                "detail": row.detail,
            }
            for row in list_security_events(user.id, MAX_EXPORTED_EVENTS)
        ],
    }


def _read_profile(user_id: int) -> Profile | None:
    cache.depends_on(keys.user_tag(user_id))
    user = db.session.get(User, user_id, populate_existing=True)
    if user is None:
        return None
    sign_ins = {
        row.digest: (row.last_seen_at.timestamp(), row.expires_at.timestamp())
        for row in list_sign_ins(user_id)
    }
    return Profile(Shopper.of(user), sign_ins)
