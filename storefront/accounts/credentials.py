"""Making accounts, and what they are signed in with."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from storefront import cache, mail
from storefront.accounts import cookie, messages, passwords, sign_in_limits
from storefront.accounts.models import SignIn, User
from storefront.cache import keys
from storefront.errors import StorefrontError
from storefront.extensions import db, write_transaction


@dataclass(frozen=True, slots=True)
class VerifiedLogin:
    """Whose password was right, and of which generation the account was then."""

    user_id: int
    generation: int


class EmailTakenError(StorefrontError):
    """There is an account with this e-mail."""

    status = 422

    def __init__(self) -> None:
        super().__init__("There is an account with this e-mail already.")


def create_account(email: str, password: str, name: str = "", *, is_staff: bool = False) -> User:
    """Make an account. The e-mail is folded, and known to be its owner's.

    Raises:
        EmailTakenError: there is one.
    """
    kept = passwords.hash_password(password)
    try:
        with write_transaction() as session:
            user = User(email=email, password_hash=kept, name=name, is_staff=is_staff)
            session.add(user)
    except IntegrityError as error:
        raise EmailTakenError from error
    return user


def find_by_email(email: str) -> User | None:
    """Return the account with this (folded) e-mail."""
    return db.session.execute(select(User).where(User.email == email)).scalar_one_or_none()


def find_by_id(user_id: int) -> User | None:
    """Return the account with this id."""
    return db.session.get(User, user_id, populate_existing=True)


def authenticate(email: str, password: str) -> VerifiedLogin | None:
    """Return whose e-mail and password these are; it takes as long if there is no such account.

    Raises:
        TooManyFailuresError: too many were wrong before.
    """
    sign_in_limits.check_failures(email)
    user = find_by_email(email)
    proven = VerifiedLogin(user.id, user.generation) if user else None
    kept = user.password_hash if user else None
    if not passwords.verify(password, kept) or kept is None:
        sign_in_limits.record_failure(email)
        return None
    sign_in_limits.clear_failures(email)
    if passwords.needs_rehash(kept):
        newer = passwords.hash_password(password)
        with write_transaction() as session:
            session.execute(update(User).where(User.password_hash == kept).values(password_hash=newer))
    return proven


def change_credentials(
    user_id: int,
    generation: int,
    *,
    email: str | None = None,
    password: str | None = None,
    stay: bool = True,
) -> bool:
    """Change what an account is signed in with. It ends every sign-in and every link made before.

    Args:
        user_id: of the account.
        generation: that it must still have: whoever comes second is refused.
        email: the new one, folded.
        password: the new one.
        stay: whether this browser stays signed in, if it is.

    Returns:
        False if it has another generation, or is gone.

    Raises:
        EmailTakenError: another account has the e-mail.
    """
    kept = passwords.hash_password(password) if password is not None else None
    try:
        with write_transaction() as session:
            user = start_generation(session, user_id, generation, stay=stay)
            if user is None:
                return False
            if kept is not None:
                mail.enqueue_if_configured(session, user.email, messages.credentials_changed("password"))
                user.password_hash = kept
            if email is not None:
                mail.enqueue_if_configured(session, user.email, messages.credentials_changed("e-mail"))
                user.email = email
    except IntegrityError as error:
        raise EmailTakenError from error
    return True


def start_generation(
    session: Session, user_id: int, generation: int | None = None, *, stay: bool = True
) -> User | None:
    """Begin an account's next generation: what is signed in ends, but for this browser's own if it may stay."""
    wanted = (
        select(User).where(User.id == user_id).with_for_update().execution_options(populate_existing=True)
    )
    user = session.execute(wanted).scalar_one_or_none()
    if user is None or generation not in (None, user.generation):
        return None
    former = user.generation
    user.generation += 1
    cache.invalidate_on_commit(session, keys.user_tag(user_id), hard=True)
    if stay and (presented := cookie.read()) is not None:
        mine = select(SignIn).where(
            SignIn.digest == presented.digest, SignIn.user_id == user_id, SignIn.generation == former
        )
        if (row := session.execute(mine).scalar_one_or_none()) is not None:
            row.generation = user.generation
    return user
