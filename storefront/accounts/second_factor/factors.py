"""Which second factors an account has, who must have one, and their removal."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import current_app
from sqlalchemy import delete, exists, func, select
from sqlalchemy.orm import Session

from storefront.accounts import queries
from storefront.accounts.models import User
from storefront.accounts.second_factor import guess_limits, passkeys, recovery_codes
from storefront.accounts.second_factor.models import Passkey, RecoveryCode, TotpSecret
from storefront.errors import StorefrontError
from storefront.extensions import db, write_transaction
from storefront.i18n import gettext as _


@dataclass(frozen=True, slots=True)
class Factors:
    """The second factors of an account: whether it has an authenticator app, and its number of passkeys."""

    app: bool
    passkeys: int

    @property
    def count(self) -> int:
        """The number of factors; recovery codes do not count."""
        return self.app + self.passkeys


class LastFactorError(StorefrontError):
    """The last second factor of an account that must have one cannot be removed."""

    status = 422

    def __init__(self) -> None:
        super().__init__(
            _("Staff accounts need two-step verification. Set up another method before you remove this one.")
        )


def read_factors(user_id: int, session: Session | None = None) -> Factors:
    """Return the second factors of an account, read from SQL."""
    app = exists().where(TotpSecret.user_id == user_id)
    passkeys = select(func.count(Passkey.id)).where(Passkey.user_id == user_id).scalar_subquery()
    return Factors(*(session or db.session).execute(select(app, passkeys)).one())


def export(user_id: int) -> dict[str, Any]:
    """Return what the shop keeps of a person's second factors, as JSON can hold it; no secrets."""
    return {
        "app": read_factors(user_id).app,
        "passkeys": [
            {"name": one.name, "created_at": one.created_at, "last_used_at": one.last_used_at}
            for one in passkeys.list_passkeys(user_id)
        ],
        "recovery_codes": recovery_codes.count_unused(user_id),
    }


def has_factor(user_id: int) -> bool:
    """Return whether the account has a second factor."""
    return read_factors(user_id).count > 0


def is_required(user: User) -> bool:
    """Return whether the account must have a second factor: staff in production."""
    return user.is_staff and current_app.config["ENV"] == "production"


def must_set_up(user: User) -> bool:
    """Return whether the account must have a second factor and has none yet."""
    return is_required(user) and not has_factor(user.id)


def remove_app(user_id: int) -> None:
    """Remove the authenticator app of an account. It is not an error if it has none.

    Raises:
        LastFactorError: it is the last factor of an account that must have one.
    """
    with write_transaction() as session:
        _check_not_last(session, user_id, app=True)
        session.execute(delete(TotpSecret).where(TotpSecret.user_id == user_id))
        _forget_codes_without_factor(session, user_id)


def remove_passkey(user_id: int, passkey_id: int) -> None:
    """Remove one passkey of an account. It is not an error if it is gone already.

    Raises:
        LastFactorError: it is the last factor of an account that must have one.
    """
    with write_transaction() as session:
        mine = (Passkey.id == passkey_id) & (Passkey.user_id == user_id)
        if session.execute(select(Passkey.id).where(mine)).first() is None:
            return
        _check_not_last(session, user_id, app=False)
        session.execute(delete(Passkey).where(mine))
        _forget_codes_without_factor(session, user_id)


def remove_all(session: Session, user_id: int) -> None:
    """Remove all second factors, recovery codes and guesses of an account, in the caller's transaction."""
    for table in (TotpSecret, Passkey, RecoveryCode):
        session.execute(delete(table).where(table.user_id == user_id))
    guess_limits.clear_guesses(session, user_id)


def _check_not_last(session: Session, user_id: int, *, app: bool) -> None:
    user = queries.lock_account(session, user_id)  # so that two requests do not remove one factor each
    has = read_factors(user_id, session)
    if user is not None and is_required(user) and has.count == 1 and has.app == app:
        raise LastFactorError


def _forget_codes_without_factor(session: Session, user_id: int) -> None:
    if read_factors(user_id, session).count == 0:
        session.execute(delete(RecoveryCode).where(RecoveryCode.user_id == user_id))
