"""Invitations to the staff: a mailed link that proves the address makes a person staff, with the role it names.

A link works once, for a week, until somebody takes the invitation back. SQL stores a digest of it only.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from hashlib import sha256

from sqlalchemy import Select, select

from storefront import mail
from storefront.accounts import credentials, messages, security_events
from storefront.accounts.credentials import EmailTakenError
from storefront.accounts.models import StaffInvitation, User
from storefront.accounts.tokens import LinkError
from storefront.actors import Actor, acting_as
from storefront.errors import StorefrontError
from storefront.extensions import db, write_transaction
from storefront.i18n import gettext as _
from storefront.web.permissions import RoleName

LIFETIME = timedelta(days=7)


class AlreadyStaffError(StorefrontError):
    """The person who is invited belongs to the staff."""

    status = 409

    def __init__(self, email: str) -> None:
        super().__init__(_("%(email)s already works here. Change the role in the list instead.", email=email))


def invite(email: str, exact: str, role: RoleName) -> str:
    """Mail an invitation; return the id of the mail. A former invitation of the same person becomes invalid.

    Args:
        email: the folded address.
        exact: the address as it was typed.
        role: the role that the person gets.

    Raises:
        AlreadyStaffError: the account with this address belongs to the staff.
        MailNotConfiguredError: in production, without an SMTP server.
    """
    token, now = secrets.token_urlsafe(32), datetime.now(UTC)
    with write_transaction() as session:
        user = credentials.find_by_email(email)
        if user is not None and user.is_staff:
            raise AlreadyStaffError(email)
        former = session.scalars(select(StaffInvitation).where(StaffInvitation.email == email)).one_or_none()
        if former is not None:
            session.delete(former)
            session.flush()  # before the new one, whose address is the same
        session.add(
            StaffInvitation(
                email=email, exact_email=exact, role=role, digest=_digest(token), expires_at=now + LIFETIME
            )
        )
        security_events.record(session, "staff-invited", user.id if user else None, detail=f"{email}: {role}")
        return mail.enqueue(session, email, messages.staff_invitation(token))


def list_open() -> Sequence[StaffInvitation]:
    """Return the invitations that nobody has accepted or taken back, the newest first; also those that expired."""
    return db.session.scalars(select(StaffInvitation).order_by(StaffInvitation.id.desc())).all()


def take_back(invitation_id: int) -> bool:
    """Make an invitation invalid; return False if there is none with this id."""
    with write_transaction() as session:
        found = session.get(StaffInvitation, invitation_id)
        if found is None:
            return False
        security_events.record(session, "invitation-withdrawn", None, detail=f"{found.email}: {found.role}")
        session.delete(found)
    return True


def find(token: str) -> StaffInvitation:
    """Return the invitation behind a link; raises LinkError if it is used, withdrawn, expired or unknown."""
    found = db.session.scalars(_behind(token)).one_or_none()
    if found is None:
        raise LinkError
    return found


def accept(token: str, user_id: int) -> User:
    """Make the signed-in account staff; it must have the address that was invited. It keeps only new sign-ins.

    Raises:
        LinkError: the link is no longer valid, or is for another address.
    """
    with acting_as(Actor("staff", str(user_id))), write_transaction() as session:
        invitation = session.scalars(_behind(token).with_for_update()).one_or_none()
        if invitation is None:
            raise LinkError
        user = credentials.start_generation(session, user_id, stay=False)
        if user is None or user.email != invitation.email or user.disabled_at is not None:
            raise LinkError
        user.is_staff, user.role = True, invitation.role
        security_events.record(session, "role-changed", user.id, detail=invitation.role)
        session.delete(invitation)
    return user


def accept_as_new(token: str, password: str, name: str) -> User:
    """Create the account of a person who was invited and had none.

    Raises:
        LinkError: the link is no longer valid, or the address has an account by now.
    """
    invitation = find(token)
    exact = invitation.exact_email
    try:
        user = credentials.create_account(invitation.email, password, name, confirmed_email=exact)
    except EmailTakenError as error:
        raise LinkError from error
    return accept(token, user.id)


def _behind(token: str) -> Select[StaffInvitation]:
    return select(StaffInvitation).where(
        StaffInvitation.digest == _digest(token), StaffInvitation.expires_at > datetime.now(UTC)
    )


def _digest(token: str) -> str:
    return sha256(token.encode("utf-8", "surrogatepass")).hexdigest()
