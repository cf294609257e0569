"""Who is signed in: by a row in SQL, whose fast copy is the cached profile. Losing Redis signs nobody out."""

from __future__ import annotations

import functools
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Concatenate, ParamSpec, TypeVar

from blinker import Namespace
from flask import current_app, redirect, request, session, url_for
from sqlalchemy import delete, select
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from storefront import cache, sessions
from storefront.accounts import cookie, last_seen, queries, redirects, user_agents
from storefront.accounts.models import SignIn, User
from storefront.accounts.queries import Shopper
from storefront.cache import keys
from storefront.extensions import write_transaction

P = ParamSpec("P")
T = TypeVar("T")

# Sent after somebody has signed in or registered, with `user`, a Shopper.
signed_in = Namespace().signal("signed-in")

MAX_SIGN_INS = 50  # sign-ins of one account at a time; the oldest ends
_CURRENT = "storefront.accounts.current"
_SESSION_KEY = "sign_in"  # in the session: whose it is


def current_user() -> Shopper | None:
    """Return who is making the current request, or None. Costs no SQL while the profile is cached."""
    if _CURRENT not in request.environ:
        request.environ[_CURRENT] = _find_shopper()
    found: Shopper | None = request.environ[_CURRENT]
    return found


def load_current_user() -> User | None:
    """Return who is making the current request, as SQL knows them this moment: for pages that show or change much."""
    presented = cookie.read()
    if presented is None:
        return None
    found = queries.find_sign_in(presented.digest)
    if found is None:
        cookie.clear()
        request.environ[_CURRENT] = None
        return None
    row, user = found
    last_seen.record(row.digest, row.last_seen_at.timestamp())
    request.environ[_CURRENT] = Shopper(user.id, user.name, user.is_staff)
    return user


def sign_in_required(view: Callable[Concatenate[User, P], T]) -> Callable[P, T | Response]:
    """Hand the view who is signed in; send everybody else to sign in, and back afterwards."""

    @functools.wraps(view)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> T | Response:
        user = load_current_user()
        if user is None:
            back = request.full_path.rstrip("?") if request.method in ("GET", "HEAD") else redirects.HOME
            return redirect(url_for("sign_in.login", next=back), 303)
        return view(user, *args, **kwargs)

    return guarded


def sign_in(user_id: int, generation: int, *, keep: bool) -> bool:
    """Sign a user in on this browser, in the place of whoever was before, and tell it with the signal `signed_in`.

    Args:
        user_id: whose password was right.
        generation: of the account when the password was looked at.
        keep: whether the sign-in outlives the browser's session.

    Returns:
        False if the account's password was changed meanwhile, or the account is gone.
    """
    former, now = cookie.read(), datetime.now(UTC)
    with write_transaction() as transaction:
        user = transaction.execute(
            select(User).where(User.id == user_id, User.generation == generation)
        ).scalar_one_or_none()
        if user is None:
            return False
        if former is not None:
            _revoke_sign_ins(transaction, SignIn.digest == former.digest)
        given = cookie.issue(user_id, keep=keep)
        transaction.add(
            SignIn(
                digest=given.digest,
                user_id=user_id,
                generation=generation,
                device=user_agents.describe(request.user_agent.string),
                kept=keep,
                expires_at=now + (cookie.LIFETIME if keep else last_seen.SESSION_LIFETIME),
            )
        )
        _delete_old_sign_ins(transaction, user_id, now)
        shopper = Shopper(user.id, user.name, user.is_staff)
    renew_session()
    request.environ[_CURRENT] = shopper
    signed_in.send(current_app._get_current_object(), user=shopper)  # type: ignore[attr-defined]
    return True


def sign_out() -> None:
    """End this browser's sign-in."""
    if (presented := cookie.read()) is not None:
        with write_transaction() as transaction:
            _revoke_sign_ins(transaction, SignIn.digest == presented.digest)
    forget_sign_in()


def revoke_sign_in(user_id: int, sign_in_id: int) -> None:
    """End one sign-in of a user, in whatever browser. One that has ended already is no mistake."""
    with write_transaction() as transaction:
        _revoke_sign_ins(transaction, (SignIn.id == sign_in_id) & (SignIn.user_id == user_id))


def forget_sign_in() -> None:
    """Make this browser one in which nobody is signed in."""
    cookie.clear()
    sessions.end()
    request.environ[_CURRENT] = None


def renew_session() -> None:
    """Give the session another id, which nobody can have known before, and make it the sign-in's."""
    presented = cookie.read()
    digest = presented.digest if presented else None
    if session.get(_SESSION_KEY) in (None, digest):
        sessions.rotate()
    else:
        sessions.end()
    if digest is not None:
        session[_SESSION_KEY] = digest


def session_belongs_to_sign_in(content: Any) -> bool:
    """Return whether a session may be used by the current request: nobody's, or of the sign-in that it presents."""
    mark = content.get(_SESSION_KEY)
    presented = cookie.read()
    return mark is None or (presented is not None and mark == presented.digest and current_user() is not None)


def _find_shopper() -> Shopper | None:
    presented = cookie.read()
    if presented is None:
        return None
    profile = queries.fetch_profile(presented.user_id)
    if profile is not None and presented.digest in profile.sign_ins:
        last, until = profile.sign_ins[presented.digest]
        if until > time.time():
            last_seen.record(presented.digest, last)
            return profile.shopper
    # A copy may be older than this sign-in: SQL says whether it holds.
    user = load_current_user()
    return Shopper(user.id, user.name, user.is_staff) if user else None


def _revoke_sign_ins(transaction: Session, which: Any) -> None:
    now = datetime.now(UTC)
    for row in transaction.execute(select(SignIn).where(which, SignIn.revoked_at.is_(None))).scalars():
        row.revoked_at = now
        cache.invalidate_on_commit(transaction, keys.user_tag(row.user_id), hard=True)


def _delete_old_sign_ins(transaction: Session, user_id: int, now: datetime) -> None:
    """Forget sign-ins that have ended, and end the oldest of too many."""
    transaction.flush()
    newest = select(SignIn.id).join(User).where(SignIn.user_id == user_id, queries.is_valid(now))
    held = transaction.execute(newest.order_by(SignIn.id.desc()).limit(MAX_SIGN_INS)).scalars().all()
    transaction.execute(delete(SignIn).where(SignIn.user_id == user_id, SignIn.id.not_in(held)))
