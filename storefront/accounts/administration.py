"""What an operator does with other people's accounts: role, access and sign-ins. Each function may run twice.

A changed role or lost access ends all sign-ins. The staff pages read the account from SQL for each request, so the
person is out at the next one, on every worker, with or without Redis.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from storefront.accounts import credentials, queries, security_events, staff_roles, tokens
from storefront.accounts.models import SignIn, User
from storefront.accounts.security_events import SecurityEventKind
from storefront.errors import StorefrontError
from storefront.extensions import db, write_transaction
from storefront.i18n import gettext as _
from storefront.web.permissions import RoleName


class UnknownAccountError(StorefrontError):
    """No account has this e-mail."""

    status = 404

    def __init__(self, email: str) -> None:
        super().__init__(email)
        self.email = email


class StaffAccountError(StorefrontError):
    """The account belongs to the staff, whom only the pages of the staff change."""

    status = 409

    def __init__(self) -> None:
        super().__init__(_("This person works here. Their access is changed on the page “Staff”."))


@dataclass(frozen=True, slots=True)
class AccountRow:
    """An account in the list: the account, its number of valid sign-ins and the time of the last use of one."""

    user: User
    sign_ins: int
    last_seen_at: datetime | None


def list_accounts(*, staff_only: bool = False) -> Sequence[AccountRow]:
    """Return all accounts, or those of the staff, in the order of their e-mails."""
    query = _with_sign_ins().where(User.is_staff) if staff_only else _with_sign_ins()
    return [AccountRow(*row) for row in db.session.execute(query.order_by(User.email))]


def find_account(user_id: int) -> AccountRow | None:
    """Return the account with this id, read from SQL, or None."""
    query = _with_sign_ins(user_id).where(User.id == user_id).execution_options(populate_existing=True)
    row = db.session.execute(query).one_or_none()
    return AccountRow(*row) if row else None


def _with_sign_ins(user_id: int | None = None) -> Any:
    """Return a query of accounts, each with its number of valid sign-ins and the last use of one."""
    valid = (
        select(SignIn.user_id, func.count().label("count"), func.max(SignIn.last_seen_at).label("last"))
        .join(User, User.id == SignIn.user_id)
        .where(queries.is_valid(datetime.now(UTC)), *([] if user_id is None else [User.id == user_id]))
        .group_by(SignIn.user_id)
        .subquery()
    )
    return select(User, func.coalesce(valid.c.count, 0), valid.c.last).outerjoin(
        valid, valid.c.user_id == User.id
    )


def set_role(
    email: str, role: RoleName | None = None, *, is_staff: bool = True, needs_owner: bool = True
) -> bool:
    """Give an account a role of the staff, or make it a customer's again; return False if it was already so.

    Ends the account's sign-ins. Without a role, a member of the staff keeps the one they have, and a new one gets
    `staff_roles.default_role()`.

    Raises:
        UnknownAccountError: no account has the e-mail.
        LastOwnerError: the shop would have no owner, and `needs_owner`.
    """
    with write_transaction() as session:
        user = find(email)
        wanted = (role or user.staff_role or staff_roles.default_role()) if is_staff else ""
        if user.staff_role == wanted:
            return False
        if user.staff_role == "owner" and needs_owner:
            staff_roles.check_other_owner(session, user.id)
        credentials.start_generation(session, user.id, stay=False)
        user.is_staff, user.role = is_staff, wanted
        security_events.record(session, "role-changed", user.id, detail=wanted or "customer")
    return True


def set_disabled(
    email: str, *, is_disabled: bool, needs_owner: bool = True, customers_only: bool = False
) -> bool:
    """Disable or enable an account; return False if it was already so.

    A disabled account cannot sign in and gets no link for a new password. Its sign-ins and mailed links end.

    Raises:
        UnknownAccountError: no account has the e-mail.
        StaffAccountError: the account belongs to the staff, and `customers_only`.
        LastOwnerError: the shop would have no owner, and `needs_owner`.
    """
    with write_transaction() as session:
        user = find(email)
        if (user.disabled_at is not None) == is_disabled:
            return False
        _end_sign_ins(session, user, customers_only=customers_only)
        if is_disabled and needs_owner and user.staff_role == "owner":
            staff_roles.check_other_owner(session, user.id)
        user.disabled_at = datetime.now(UTC) if is_disabled else None
        kind: SecurityEventKind = "account-disabled" if is_disabled else "account-enabled"
        security_events.record(session, kind, user.id)
    return True


def sign_out_everywhere(email: str, *, customers_only: bool = False) -> int:
    """End all sign-ins of an account, and its mailed links; return how many sign-ins ended.

    Raises:
        UnknownAccountError: no account has the e-mail.
        StaffAccountError: the account belongs to the staff, and `customers_only`.
    """
    with write_transaction() as session:
        user = find(email)
        ended = len(queries.list_sign_ins(user.id))
        _end_sign_ins(session, user, customers_only=customers_only)
        security_events.record(session, "sign-out-everywhere", user.id)
    return ended


def _end_sign_ins(session: Session, user: User, *, customers_only: bool) -> None:
    """Lock an account and end its sign-ins and mailed links, unless it belongs to the staff and must not."""
    credentials.start_generation(session, user.id, stay=False)
    if customers_only and user.staff_role:  # as read under the lock
        raise StaffAccountError


def second_factor_reset_token(user: User) -> str:
    """Return the token of a link with which the person, after their password, sets up a new second factor."""
    return tokens.sign(tokens.SecondFactorReset(user.id, user.generation))


def find(email: str) -> User:
    """Return the account with this (folded) e-mail; raises UnknownAccountError."""
    user = credentials.find_by_email(email)
    if user is None:
        raise UnknownAccountError(email)
    return user
