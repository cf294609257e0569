"""Accounts and their credentials: creation, look-up, verification and change of e-mail and password."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from storefront import cache, mail
from storefront.accounts import (
    cookie,
    known_devices,
    messages,
    passwords,
    queries,
    security_events,
    sign_in_limits,
)
from storefront.accounts.extension_points import access_ended
from storefront.accounts.models import SignIn, User
from storefront.accounts.second_factor import guess_limits
from storefront.accounts.sign_in_limits import PasswordAttempt
from storefront.errors import StorefrontError
from storefront.extensions import db, write_transaction
from storefront.i18n import gettext as _
from storefront.shop_cache import keys
from storefront.web.permissions import RoleName


@dataclass(frozen=True, slots=True)
class VerifiedLogin:
    """An account whose password was right, and its generation at that time."""

    user_id: int
    generation: int


class EmailTakenError(StorefrontError):
    """Another account has this e-mail."""

    status = 422

    def __init__(self) -> None:
        super().__init__(_("An account with this e-mail address already exists."))


def create_account(
    email: str,
    password: str,
    name: str = "",
    *,
    role: RoleName | None = None,
    confirmed_email: str = "",
) -> User:
    """Create an account. The e-mail must be folded, and must be proven to be its owner's.

    With a role it belongs to the staff. `confirmed_email` is the address as it was typed (`exact_email`) if a link
    that was mailed there was used.

    Raises:
        EmailTakenError: another account has the e-mail.
    """
    password_hash = passwords.hash_password(password)
    try:
        with write_transaction() as session:
            user = User(
                email=email,
                confirmed_email=confirmed_email,
                password_hash=password_hash,
                name=name,
                is_staff=role is not None,
                role=role or "",
            )
            session.add(user)
            session.flush()
            security_events.record(session, "account-created", user.id)
            if role:
                security_events.record(session, "role-changed", user.id, detail=role)
    except IntegrityError as error:
        raise EmailTakenError from error
    return user


def find_by_email(email: str) -> User | None:
    """Return the account with this (folded) e-mail, or None."""
    return db.session.execute(select(User).where(User.email == email)).scalar_one_or_none()


def find_enabled(email: str) -> User | None:
    """Return the account with this (folded) e-mail, or None; also None if it is disabled."""
    user = find_by_email(email)
    return user if user is not None and user.disabled_at is None else None


def find_by_id(user_id: int) -> User | None:
    """Return the account with this id, read from SQL, or None."""
    return db.session.get(User, user_id, populate_existing=True)


def authenticate(email: str, password: str) -> VerifiedLogin | None:
    """Return the account with this e-mail and password; None if there is none, or it is disabled. Each takes as long.

    Raises:
        TooManyFailuresError: there were too many wrong passwords before. The password is not checked then.
    """
    attempt = sign_in_limits.count_attempt(email, known_devices.find(email))
    user = find_by_email(email)
    login = VerifiedLogin(user.id, user.generation) if user else None
    password_hash = user.password_hash if user and user.disabled_at is None else None
    if not passwords.verify(password, password_hash) or password_hash is None:
        _record_failure(attempt, login.user_id if login else None)
        return None
    sign_in_limits.give_back(attempt)
    if passwords.needs_rehash(password_hash):
        newer = passwords.hash_password(password)
        with write_transaction() as session:
            session.execute(
                update(User).where(User.password_hash == password_hash).values(password_hash=newer)
            )
    return login


def _record_failure(attempt: PasswordAttempt, user_id: int | None) -> None:
    """Record a wrong password, and that it was the last one which the limits allow, as security events."""
    with write_transaction() as session:
        security_events.record(session, "sign-in-failed", user_id)
        if sign_in_limits.is_locked(attempt):
            security_events.record(session, "locked", user_id)


def change_credentials(
    user_id: int,
    generation: int,
    *,
    email: str | None = None,
    exact: str = "",
    password: str | None = None,
) -> bool:
    """Change an account's e-mail or password. This ends mailed links and all sign-ins except this browser's.

    Args:
        user_id: the account.
        generation: the generation that the account must have: of two concurrent changes the second fails.
        email: the new e-mail, folded; its owner has used a link that was mailed there.
        exact: the new e-mail as it was typed (`exact_email`), if that is known.
        password: the new password.

    Returns:
        False if the account has another generation, or is gone.

    Raises:
        EmailTakenError: another account has the e-mail.
    """
    password_hash = passwords.hash_password(password) if password is not None else None
    try:
        with write_transaction() as session:
            user = start_generation(session, user_id, generation)
            if user is None:
                return False
            if password_hash is not None:
                mail.enqueue_if_configured(session, user.email, messages.password_changed(user.locale))
                user.password_hash = password_hash
                security_events.record(session, "password-changed", user_id)
            if email is not None:
                mail.enqueue_if_configured(session, user.email, messages.email_changed(user.locale))
                security_events.record(session, "email-changed", user_id, detail=email)
                user.email, user.confirmed_email = email, exact or email
    except IntegrityError as error:
        raise EmailTakenError from error
    return True


def reset_password(user_id: int, generation: int, password: str) -> bool:
    """Set the password that the owner of a mailed link has chosen; this browser becomes a known device.

    It ends all sign-ins, makes all other devices unknown, and clears the account's failures: the owner can sign in at
    once, whatever strangers have tried. Returns False if the account has another generation, or is gone.
    """
    password_hash = passwords.hash_password(password)
    with write_transaction() as session:
        user = start_generation(session, user_id, generation, stay=False)
        if user is None:
            return False
        mail.enqueue_if_configured(session, user.email, messages.password_changed(user.locale))
        user.password_hash = password_hash
        user.confirmed_email = user.confirmed_email or user.email
        security_events.record(session, "password-reset", user_id)
        sign_in_limits.clear_failures(session, user.email)
        guess_limits.clear_guesses(session, user_id)
        known_devices.remember(session, user_id, user.generation)
    return True


def start_generation(
    session: Session, user_id: int, generation: int | None = None, *, stay: bool = True
) -> User | None:
    """Increase an account's generation: this ends its sign-ins and makes its devices unknown.

    With `stay`, this browser's sign-in goes on, and it remains a known device.

    Returns None if the account is gone or does not have the expected generation.
    """
    user = queries.lock_account(session, user_id)
    if user is None or generation not in (None, user.generation):
        return None
    former = user.generation
    user.generation += 1
    if user.is_staff:
        access_ended.fire(session, user_id)
    cache.invalidate_on_commit(session, keys.user_tag(user_id), hard=True)
    if stay:
        known_devices.keep(session, user_id, former, user.generation)
    if stay and (presented := cookie.read()) is not None:
        mine = select(SignIn).where(
            SignIn.digest == presented.digest, SignIn.user_id == user_id, SignIn.generation == former
        )
        if (row := session.execute(mine).scalar_one_or_none()) is not None:
            row.generation = user.generation
    return user
