"""Sign-in and sign-out. A sign-in is a row in SQL, copied into the cached profile: losing Redis signs nobody out."""

from __future__ import annotations

import functools
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any, Concatenate, ParamSpec, TypeVar

from blinker import Namespace
from flask import current_app, redirect, request, session, url_for
from sqlalchemy import delete, select
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from storefront import cache, sessions
from storefront.accounts import cookie, known_devices, last_seen, lifetimes, queries, security_events
from storefront.accounts.models import KnownDevice, SignIn, User
from storefront.accounts.queries import Shopper
from storefront.actors import Actor
from storefront.cache import keys
from storefront.extensions import write_transaction

P = ParamSpec("P")
T = TypeVar("T")

# Sent after a sign-in or a registration, with `user`, a Shopper.
signed_in = Namespace().signal("signed-in")

# The path after a sign-in without a page to return to.
HOME = "/account"
# Per account. A further sign-in ends the oldest.
MAX_SIGN_INS = 50
# The key in the WSGI environ that holds the current request's shopper.
_CURRENT = "storefront.accounts.current"
# The session's key for the digest of the sign-in that it belongs to.
_SESSION_KEY = "sign_in"


def current_user() -> Shopper | None:
    """Return the shopper who makes the current request, or None. Needs no SQL while the profile is cached."""
    if _CURRENT not in request.environ:
        request.environ[_CURRENT] = _find_shopper()
    found: Shopper | None = request.environ[_CURRENT]
    return found


def current_actor() -> Actor | None:
    """Return the signed-in account as an actor; None for a guest, or if the request has not looked for an account.

    It looks nothing up: rows are written in the middle of transactions, among them the one that signs in.
    """
    user: Shopper | None = request.environ.get(_CURRENT)
    return Actor("staff" if user.is_staff else "customer", str(user.id)) if user else None


def load_current_user() -> User | None:
    """Return the account that makes the current request, read from SQL, or None.

    For pages that show personal data or change something: the cached profile may be out of date.
    """
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
    """Pass the signed-in user to the view; redirect others to the sign-in page, and back afterwards."""

    @functools.wraps(view)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> T | Response:
        user = load_current_user()
        if user is None:
            back = request.full_path.rstrip("?") if request.method in ("GET", "HEAD") else HOME
            return redirect(url_for("sign_in.login", next=back), 303)
        return view(user, *args, **kwargs)

    return guarded


def sign_in(user_id: int, generation: int, *, keep: bool) -> bool:
    """Sign a user in on this browser, end its former sign-in, and send the signal `signed_in`.

    The browser becomes a known device of the account.

    Args:
        user_id: the account whose password was verified.
        generation: the account's generation when the password was verified.
        keep: whether the sign-in outlives the browser's session.

    Returns:
        False if the account's generation has changed since, or the account is disabled or gone.
    """
    former, now = cookie.read(), datetime.now(UTC)
    with write_transaction() as transaction:
        user = transaction.execute(
            select(User).where(User.id == user_id, User.generation == generation, User.disabled_at.is_(None))
        ).scalar_one_or_none()
        if user is None:
            return False
        if former is not None:
            _revoke_sign_ins(transaction, SignIn.digest == former.digest)
        issued = cookie.issue(user_id, keep=keep)
        ends_at = now + lifetimes.absolute(is_staff=user.is_staff, kept=keep)
        device = known_devices.remember(transaction, user_id, generation)
        transaction.add(
            SignIn(
                digest=issued.digest,
                user_id=user_id,
                generation=generation,
                device=device.device,
                known_device_id=device.id,
                kept=keep,
                expires_at=min(now + lifetimes.sliding(kept=keep), ends_at),
                ends_at=ends_at,
                proven_at=now,
            )
        )
        shopper = request.environ[_CURRENT] = Shopper(user.id, user.name, user.is_staff)
        security_events.record(transaction, "sign-in", user_id)
        _delete_old_sign_ins(transaction, user_id, now)
    renew_session()
    signed_in.send(current_app._get_current_object(), user=shopper)  # type: ignore[attr-defined]
    return True


def sign_out() -> None:
    """End this browser's sign-in."""
    if (presented := cookie.read()) is not None:
        with write_transaction() as transaction:
            _revoke_sign_ins(transaction, SignIn.digest == presented.digest)
    forget_sign_in()


def revoke_sign_in(user_id: int, sign_in_id: int) -> None:
    """End one sign-in of a user, in any browser, which is no longer a known device then.

    It is not an error if it has ended already.
    """
    mine = (SignIn.id == sign_in_id) & (SignIn.user_id == user_id)
    with write_transaction() as transaction:
        for row in _revoke_sign_ins(transaction, mine):
            security_events.record(transaction, "device-removed", user_id, detail=row.device)
        device = select(SignIn.known_device_id).where(mine).scalar_subquery()
        transaction.execute(
            delete(KnownDevice).where(KnownDevice.user_id == user_id, KnownDevice.id == device)
        )


def forget_sign_in() -> None:
    """Remove this browser's sign-in cookie and session; the row in SQL stays as it is."""
    cookie.clear()
    sessions.end()
    request.environ[_CURRENT] = None


def renew_session() -> None:
    """Give the session a new id, against session fixation, and bind it to this browser's sign-in."""
    presented = cookie.read()
    digest = presented.digest if presented else None
    if session.get(_SESSION_KEY) in (None, digest):
        sessions.rotate()
    else:
        sessions.end()
    if digest is not None:
        session[_SESSION_KEY] = digest


def session_belongs_to_sign_in(content: Any) -> bool:
    """Return whether the current request may use a session: it is anonymous, or of the sign-in that is presented."""
    digest = content.get(_SESSION_KEY)
    presented = cookie.read()
    return digest is None or (
        presented is not None and digest == presented.digest and current_user() is not None
    )


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
    # The cached profile may be older than this sign-in, so SQL decides.
    user = load_current_user()
    return Shopper(user.id, user.name, user.is_staff) if user else None


def _revoke_sign_ins(transaction: Session, condition: Any) -> Sequence[SignIn]:
    now = datetime.now(UTC)
    valid = select(SignIn).where(condition, SignIn.revoked_at.is_(None))
    rows = transaction.execute(valid).scalars().all()
    for row in rows:
        row.revoked_at = now
        cache.invalidate_on_commit(transaction, keys.user_tag(row.user_id), hard=True)
    return rows


def _delete_old_sign_ins(transaction: Session, user_id: int, now: datetime) -> None:
    """Delete sign-ins that have ended, and the oldest valid ones above `MAX_SIGN_INS`."""
    transaction.flush()
    valid = select(SignIn.id).join(User).where(SignIn.user_id == user_id, queries.is_valid(now))
    newest = transaction.execute(valid.order_by(SignIn.id.desc()).limit(MAX_SIGN_INS)).scalars().all()
    transaction.execute(delete(SignIn).where(SignIn.user_id == user_id, SignIn.id.not_in(newest)))
