"""Sign-in links for the person at the shop's own machine: used once, within 15 minutes, never in production.

`make run` and `flask run` print one for staff, `flask user link EMAIL` makes another. A link opens nothing through a
proxy or a tunnel. In production nothing prints one and none is accepted
(docs/decisions/0019-sign-in-links-instead-of-trusted-addresses.md).
"""

from __future__ import annotations

import secrets
from datetime import UTC, datetime, timedelta
from hashlib import sha256

from flask import current_app, request
from sqlalchemy import ColumnElement, delete, select

from storefront.accounts import authentication, cookie, credentials, queries
from storefront.accounts.models import SignInLink, User
from storefront.errors import StorefrontError
from storefront.extensions import db, write_transaction
from storefront.i18n import gettext as _
from storefront.mail import transport
from storefront.mail.transport import StoredMail
from storefront.web import hosts
from storefront.web.prefix import add_prefix
from storefront.web.same_origin import build_url

LIFETIME = timedelta(minutes=15)
OWNER = "owner@shop.example"


class OtherMachineError(StorefrontError):
    """A sign-in link was opened through a proxy, a tunnel, or another name than localhost."""

    status = 403

    def __init__(self) -> None:
        super().__init__(
            _("A sign-in link works only in a browser on the machine that runs the shop. Open it there.")
        )


def are_accepted() -> bool:
    """Return whether this shop has sign-in links: outside production."""
    return bool(current_app.config["ENV"] != "production")


def are_offered() -> bool:
    """Return whether pages tell the person at this machine how to get a link."""
    return are_accepted() and hosts.is_from_own_machine()


def check_machine() -> None:
    """Raise OtherMachineError unless a browser on this machine sent the current request directly."""
    if not hosts.is_from_own_machine():
        raise OtherMachineError


def create(user: User) -> str:
    """Return the token of a new link for an account, and delete links that have expired. SQL has only its digest."""
    token, now = secrets.token_urlsafe(32), datetime.now(UTC)
    link = SignInLink(
        digest=_digest(token), user_id=user.id, generation=user.generation, expires_at=now + LIFETIME
    )
    with write_transaction() as session:
        session.execute(delete(SignInLink).where(SignInLink.expires_at <= now))
        session.add(link)
    return token


def is_valid(token: str) -> bool:
    """Return whether a link can still be used."""
    query = select(SignInLink.digest).where(_is_good(token))
    return db.session.execute(query).scalar_one_or_none() is not None


def redeem(token: str) -> bool:
    """Use a link up and sign its account in on this browser; return False if the link is used, old or unknown."""
    with write_transaction() as session:
        used = session.execute(
            delete(SignInLink)
            .where(_is_good(token))
            .returning(SignInLink.user_id, SignInLink.generation)
            .execution_options(synchronize_session=False)
        ).one_or_none()
    return used is not None and authentication.sign_in(
        used.user_id, used.generation, keep=False, by_link=True
    )


def find_or_create_staff() -> tuple[User, bool]:
    """Return the account that a start's link signs in, the oldest owner, and whether it was just created.

    The new account has no password that anybody knows. Its owner may set one with a password reset.
    """
    is_enabled_staff = User.is_staff & User.disabled_at.is_(None)
    oldest = select(User).where(is_enabled_staff).order_by(User.role != "owner", User.id).limit(1)
    if (user := db.session.execute(oldest).scalar_one_or_none()) is not None:
        return user, False
    # Perhaps by somebody who is not staff, and must not become it.
    taken = credentials.find_by_email(OWNER) is not None
    email = f"owner-{secrets.token_hex(4)}@shop.example" if taken else OWNER
    return credentials.create_account(email, secrets.token_urlsafe(32), "Owner", role="owner"), True


def describe(user: User, bind: str = "") -> str:
    """Create a link for an account and return what the terminal says about it, for the person who runs the shop.

    Args:
        user: the account.
        bind: where the shop listens, as HOST:PORT, kept for later links; by default where it listened last.
    """
    host, port = hosts.listening_at(bind)
    address = hosts.join_address(host, port)
    if not hosts.is_loopback(address):
        return f"No sign-in link: links work on 127.0.0.1, and the shop listens on {host}. Start it without HOST."
    url = build_url(f"http://{address}{add_prefix('')}", "sign_in_links.show", token=create(user))
    return f"Sign in as {user.email} with this link, once, within 15 minutes, on this machine:\n  {url}"


def find_letter(key: str) -> StoredMail | None:
    """Return a stored mail, for staff who signed in by a link on this browser; None for everybody else."""
    return transport.find_stored_mail(key) if may_read_letters() else None


def may_read_letters() -> bool:
    """Return whether pages may show stored mails to this browser."""
    presented = cookie.read() if are_accepted() and transport.stores_mail() else None
    found = queries.find_sign_in(presented.digest) if presented else None
    return found is not None and found[0].by_link and found[1].is_staff and hosts.is_loopback(request.host)


def _is_good(token: str) -> ColumnElement[bool]:
    return (SignInLink.digest == _digest(token)) & (SignInLink.expires_at > datetime.now(UTC))


def _digest(token: str) -> str:
    return sha256(token.encode("utf-8", "surrogatepass")).hexdigest()
