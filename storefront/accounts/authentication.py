"""Sign-in and sign-out. A sign-in is a row in SQL, copied into the cached profile: losing Redis signs nobody out."""

from __future__ import annotations

import functools
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Concatenate, ParamSpec, TypeVar

from blinker import Namespace
from flask import current_app, redirect, request, session, url_for
from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from storefront import cache, sessions
from storefront.accounts import (
    cookie,
    known_devices,
    last_seen,
    lifetimes,
    pending_sign_ins,
    queries,
    security_events,
)
from storefront.accounts.models import KnownDevice, SignIn, User
from storefront.accounts.queries import Shopper
from storefront.accounts.second_factor import factors
from storefront.actors import Actor
from storefront.extensions import write_transaction
from storefront.languages import current_locale
from storefront.shop_cache import keys
from storefront.web.private import mark_private

P = ParamSpec("P")
T = TypeVar("T")

# Sent after a sign-in or a registration, with `user`, a Shopper.
signed_in = Namespace().signal("signed-in")

# The path after a sign-in without a page to return to.
HOME = "/account"
# The first page of the back office, a room above.
OFFICE = "/admin"
# Per account. A further sign-in ends the oldest.
MAX_SIGN_INS = 50
# A sensitive act asks again for a proof that is older (ASVS 5.0, 7.5).
PROOF_LIFETIME = timedelta(minutes=15)
# Keys in the WSGI environ: the current request's shopper, and the time of the last proof in this browser.
_CURRENT, _PROVEN_AT = "storefront.accounts.current", "storefront.accounts.proven_at"
_SIGN_IN = "storefront.accounts.sign_in"  # the id of this browser's sign-in
_LOADED = "storefront.accounts.loaded"  # the account, read from SQL in this request
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
        if pending_sign_ins.find() is None:
            cookie.clear()
        request.environ[_CURRENT] = None
        return None
    row, user = found
    request.environ[_PROVEN_AT], request.environ[_SIGN_IN] = row.proven_at, row.id
    last_seen.record(row.digest, row.last_seen_at.timestamp())
    request.environ[_CURRENT] = Shopper.of(user)
    request.environ[_LOADED] = user
    return user


def loaded_user() -> User | None:
    """Return the account as this request has read it before, or read it now."""
    found: User | None = request.environ.get(_LOADED)
    return found or load_current_user()


def current_sign_in() -> int:
    """Return the id of this browser's sign-in; 0 if nobody is signed in. To be called after `load_current_user`."""
    found: int = request.environ.get(_SIGN_IN, 0)
    return found


def is_recently_proven() -> bool:
    """Return whether the person has proven who they are in this browser a short time ago (`PROOF_LIFETIME`).

    To be called after `load_current_user`, which reads the time of the proof.
    """
    proven_at: datetime | None = request.environ.get(_PROVEN_AT)
    return proven_at is not None and proven_at > datetime.now(UTC) - PROOF_LIFETIME


def record_proof() -> None:
    """Note that the person has just proven who they are in this browser."""
    now, presented = datetime.now(UTC), cookie.read()
    if presented is not None:
        with write_transaction() as transaction:
            transaction.execute(update(SignIn).where(SignIn.digest == presented.digest).values(proven_at=now))
        request.environ[_PROVEN_AT] = now


def first_factor_required(view: Callable[Concatenate[User, P], T]) -> Callable[P, T | Response]:
    """Pass the signed-in user to the view; redirect others to the sign-in page, and back afterwards.

    For the pages on which a second factor is set up. All others use `sign_in_required`.
    """

    @functools.wraps(view)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> T | Response:
        user = load_current_user()
        if user is None:
            return redirect_to_sign_in()
        return view(user, *args, **kwargs)

    return guarded


def sign_in_required(view: Callable[Concatenate[User, P], T]) -> Callable[P, T | Response]:
    """Like `first_factor_required`, and lead staff who need a second factor to its set-up first."""

    @functools.wraps(view)
    def complete(user: User, /, *args: P.args, **kwargs: P.kwargs) -> T | Response:
        return lead_to_set_up(user) or view(user, *args, **kwargs)

    return first_factor_required(complete)


def redirect_to_sign_in(going: str | None = None, said: str | None = None) -> Response:
    """Return a redirect to the sign-in page, and from there to this path; by default back to the current page.

    The page says what `said` stands for, such as a key of `_NOTICES` in `pages/page.py`.
    """
    return mark_private(redirect(url_for("sign_in.login", next=going or _current_page(), said=said), 303))


def lead_to_set_up(user: User) -> Response | None:
    """Return a redirect to the set-up of the second factor, if the user must have one and has none yet."""
    if not factors.must_set_up(user):
        return None
    return mark_private(redirect(url_for("security.overview", next=_current_page()), 303))


def sign_in(user_id: int, generation: int, *, keep: bool, by_link: bool = False) -> bool:
    """Sign a user in on this browser, end its former sign-in, and send the signal `signed_in`.

    The browser becomes a known device of the account.

    Args:
        user_id: the account whose password was verified.
        generation: the account's generation when the password was verified.
        keep: whether the sign-in outlives the browser's session.
        by_link: whether a sign-in link was used instead of a password.

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
                by_link=by_link,
                expires_at=min(now + lifetimes.sliding(kept=keep), ends_at),
                ends_at=ends_at,
                proven_at=now,
            )
        )
        user.locale = current_locale()
        shopper = request.environ[_CURRENT] = Shopper.of(user)
        security_events.record(transaction, "sign-in", user_id)
        _delete_old_sign_ins(transaction, user_id, now)
    renew_session()
    signed_in.send(current_app._get_current_object(), user=shopper)  # type: ignore[attr-defined]
    return True


def begin_second_step(user_id: int, generation: int, *, keep: bool) -> None:
    """End this browser's former sign-in, after the right password, and wait for the second factor."""
    if (former := cookie.read()) is not None:
        with write_transaction() as transaction:
            _revoke_sign_ins(transaction, SignIn.digest == former.digest)
    pending_sign_ins.begin(user_id, generation, keep=keep)
    request.environ[_CURRENT] = None


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


def _current_page() -> str:
    """Return the path to come back to; after a form, the account's page."""
    return request.full_path.rstrip("?") if request.method in ("GET", "HEAD") else HOME


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
    return Shopper.of(user) if user else None


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
