"""What was done to accounts of others and to the access of the shop, newest first, for the history of the office."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from sqlalchemy import String, cast, literal, select

from storefront.accounts.models import SecurityEvent, User
from storefront.accounts.queries import name_account
from storefront.accounts.security_events import SecurityEventKind
from storefront.extensions import db
from storefront.history.reading import HistoryFilter

# Kinds of events that are always somebody's work in the shop.
_WORK: tuple[SecurityEventKind, ...] = (
    "role-changed",
    "staff-invited",
    "invitation-withdrawn",
    "token-created",
    "token-revoked",
    "webhook-added",
    "webhook-removed",
    "account-disabled",
    "account-enabled",
)
# Kinds that people cause for their own account; done by somebody else, they are work.
_OF_OTHERS: tuple[SecurityEventKind, ...] = (
    "sign-out-everywhere",
    "second-factor",
    "email-changed",
    "data-exported",
    "account-created",
    "account-deleted",
)


def read_actions(wanted: HistoryFilter, before: int | None, limit: int) -> Sequence[SecurityEvent]:
    """Return the newest of these events with an id below `before`. One statement.

    The filter's `kind` and `product_id` mean nothing here.
    """
    own = SecurityEvent.actor == literal("staff:") + cast(SecurityEvent.user_id, String)
    others = SecurityEvent.user_id.is_not(None) & ~own & SecurityEvent.actor.not_like("customer%")
    query = (
        select(SecurityEvent)
        .where(SecurityEvent.kind.in_(_WORK + _OF_OTHERS))
        .where(SecurityEvent.kind.in_(_WORK) | others)
        .order_by(SecurityEvent.id.desc())
        .limit(limit)
    )
    if before is not None:
        query = query.where(SecurityEvent.id < before)
    if wanted.since and wanted.until:
        query = query.where(SecurityEvent.at >= wanted.since, SecurityEvent.at < wanted.until)
    if wanted.actor:
        query = query.where(SecurityEvent.actor == wanted.actor)
    if wanted.actor_kind:
        kind = wanted.actor_kind
        query = query.where((SecurityEvent.actor == kind) | SecurityEvent.actor.like(f"{kind}:%"))
    return db.session.scalars(query).all()


def read_staff_names(others: Collection[str]) -> tuple[Mapping[str, str], Mapping[str, str]]:
    """Return the names of the staff by account id, and of other accounts with these ids. One statement."""
    ids = [int(one) for one in others if one.isdecimal()]
    wanted = User.is_staff | User.id.in_(ids) if ids else User.is_staff
    query = select(User.id, User.name, User.email, User.is_staff).where(wanted)
    staff, former = dict[str, str](), dict[str, str]()
    for row in db.session.execute(query.order_by(User.name, User.email)):
        (staff if row.is_staff else former)[str(row.id)] = name_account(row.name, row.email)
    return staff, former
