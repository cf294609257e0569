"""Who owns the shop, and which role a new member of the staff gets. `web/permissions.py` says what roles may do."""

from __future__ import annotations

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from storefront.accounts.models import User
from storefront.errors import StorefrontError
from storefront.extensions import db
from storefront.i18n import gettext as _
from storefront.web.permissions import RoleName


class LastOwnerError(StorefrontError):
    """The change would leave the shop without an owner who can sign in."""

    status = 409

    def __init__(self) -> None:
        super().__init__(_("A shop needs an owner. Make somebody else an owner first."))


def default_role() -> RoleName:
    """Return the role of a new member of the staff: the first one owns the shop, the others manage it."""
    return "manager" if db.session.scalar(select(User.id).where(is_owner()).limit(1)) else "owner"


def check_other_owner(session: Session, user_id: int) -> None:
    """Raise LastOwnerError unless another account owns the shop, too; two changes at once wait for each other."""
    owners = select(User.id).where(is_owner()).order_by(User.id).with_for_update()
    if not set(session.scalars(owners)) - {user_id}:
        raise LastOwnerError


def is_owner() -> ColumnElement[bool]:
    """Return the SQL condition that an account owns the shop and can sign in."""
    return User.is_staff & (User.role == "owner") & User.disabled_at.is_(None)
