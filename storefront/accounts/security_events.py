"""Security events of accounts, for the person and for the owner of the shop.

`record` adds a row in the caller's transaction. No row is ever changed, except that `erase_account` removes what
identifies a person whose account is deleted. Rows are kept for `RETENTION`.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import Final, Literal, NamedTuple

from flask import has_request_context, request
from sqlalchemy import event, func, select, update
from sqlalchemy.orm import Session

from storefront import rate_limiting
from storefront.accounts import user_agents
from storefront.accounts.models import SecurityEvent, User
from storefront.background.old_rows import delete_old_rows
from storefront.i18n import lazy_gettext as _
from storefront.web import permissions

SecurityEventKind = Literal[
    "sign-in",
    "sign-in-failed",
    "locked",
    "sign-out-everywhere",
    "device-removed",
    "reset-requested",
    "password-reset",
    "password-changed",
    "email-changed",
    "second-factor",
    "code-failed",
    "role-changed",
    "staff-invited",
    "invitation-withdrawn",
    "token-created",
    "token-revoked",
    "webhook-added",
    "webhook-removed",
    "data-exported",
    "account-created",
    "account-disabled",
    "account-enabled",
    "account-deleted",
]

# How a second factor changes: what events of the kind "second-factor" store as their detail.
FactorChange = Literal[
    "app-added",
    "app-removed",
    "passkey-added",
    "passkey-removed",
    "recovery-codes-made",
    "recovery-code-used",
    "reset",
]


class EventKind(NamedTuple):
    """What pages call a kind of event, and how many of it an account may get in a day (None: any number).

    Kinds that a stranger can cause are bounded, so that a flood cannot fill the table. `details` has words for what
    rows store as a code.
    """

    label: str
    most_per_day: int | None = None
    details: Mapping[str, str] = MappingProxyType({})

    def describe(self, detail: str) -> str:
        """Return a row's detail in words: a code, alone or behind whom it is about ("kim@shop.example: orders")."""
        whom, colon, code = detail.rpartition(": ")
        return f"{whom}{colon}{self.details.get(code, code)}"


# "staff" was written before there were roles.
_ROLES: Final[Mapping[str, str]] = {
    "staff": _("staff"),
    "customer": _("customer"),
    **dict(permissions.ROLE_LABELS.items()),
}
_FACTORS: Final = {
    "app-added": _("app set up"),
    "app-removed": _("app removed"),
    "passkey-added": _("passkey added"),
    "passkey-removed": _("passkey removed"),
    "recovery-codes-made": _("new recovery codes made"),
    "recovery-code-used": _("recovery code used"),
    "reset": _("all methods removed with an operator’s link"),
}


KINDS: Final[dict[SecurityEventKind, EventKind]] = {
    "sign-in": EventKind(_("Signed in")),
    "sign-in-failed": EventKind(_("Wrong password"), 20),
    "locked": EventKind(_("Locked after too many wrong passwords"), 20),
    "sign-out-everywhere": EventKind(_("Signed out everywhere")),
    "device-removed": EventKind(_("A device was signed out")),
    "reset-requested": EventKind(_("A link for a new password was requested"), 20),
    "password-reset": EventKind(_("New password set by a mailed link")),
    "password-changed": EventKind(_("Password changed")),
    "email-changed": EventKind(_("E-mail changed")),
    "second-factor": EventKind(_("Two-step verification"), details=_FACTORS),
    "code-failed": EventKind(_("Wrong code"), 20),
    "role-changed": EventKind(_("Role changed"), details=_ROLES),
    "staff-invited": EventKind(_("Invited to the staff"), details=_ROLES),
    "invitation-withdrawn": EventKind(_("Invitation to the staff withdrawn")),
    "token-created": EventKind(_("API token created")),
    "token-revoked": EventKind(_("API token revoked")),
    "webhook-added": EventKind(_("Webhook added")),
    "webhook-removed": EventKind(_("Webhook removed")),
    "data-exported": EventKind(_("Personal data exported")),
    "account-created": EventKind(_("Account created")),
    "account-disabled": EventKind(_("Account disabled")),
    "account-enabled": EventKind(_("Account enabled again")),
    "account-deleted": EventKind(_("Account deleted")),
}
RETENTION = timedelta(days=400)


class SecurityEventChangedError(Exception):
    """The code changed a security event: a fault of the code, which should add another event instead."""


def record(session: Session, kind: SecurityEventKind, user_id: int | None, *, detail: str = "") -> None:
    """Add an event in the caller's transaction, with the address and device of the current request.

    Args:
        session: of the write transaction.
        kind: what happened.
        user_id: the account that it happened to; None if there is no such account.
        detail: what else matters, such as the new role. It must not contain a secret or what a stranger typed.
    """
    if _is_full(session, kind, user_id):
        return
    user = session.get(User, user_id) if user_id is not None else None
    row = SecurityEvent(kind=kind, user_id=user_id, name=user.email if user else "", detail=detail[:255])
    if has_request_context():
        row.address = rate_limiting.client_address(request.environ).ip or ""
        row.device = user_agents.describe(request.user_agent.string)
    session.add(row)


def erase_account(session: Session, user_id: int) -> None:
    """Remove what identifies a person from the events of their account; kinds and times stay."""
    session.flush()
    session.execute(
        update(SecurityEvent)
        .where(SecurityEvent.user_id == user_id)
        .values(name="", address="", device="", detail="")
        .execution_options(synchronize_session=False)
    )


def delete_old() -> int:
    """Delete a batch of the events that are older than `RETENTION`; return how many."""
    return delete_old_rows(SecurityEvent, SecurityEvent.at < datetime.now(UTC) - RETENTION)


def _is_full(session: Session, kind: SecurityEventKind, user_id: int | None) -> bool:
    """Return whether the account has all the events of this kind that are kept for a day."""
    most = KINDS[kind].most_per_day
    if most is None:
        return False
    since = datetime.now(UTC) - timedelta(days=1)
    same = (SecurityEvent.kind == kind) & (SecurityEvent.user_id == user_id) & (SecurityEvent.at > since)
    count: int = session.scalars(select(func.count()).select_from(SecurityEvent).where(same)).one()
    return count >= most


@event.listens_for(SecurityEvent, "before_update")
def _refuse_change(_mapper: object, _connection: object, row: SecurityEvent) -> None:
    raise SecurityEventChangedError(row.id)
