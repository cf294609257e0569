"""API tokens: creation, revocation and verification.

A token is `sf_ID_SECRET.SIGNATURE`. SQL stores a digest of the whole; every request with a token is checked against
it. The signature distinguishes real tokens from invented ones without a query, so each token has its own rate limit.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from flask import Flask, current_app, request
from itsdangerous import BadSignature
from sqlalchemy import select
from sqlalchemy.orm import load_only

from storefront.accounts import security_events
from storefront.actors import Actor
from storefront.api.models import ApiToken
from storefront.api.problems import ProblemError
from storefront.api.state import state
from storefront.errors import StorefrontError
from storefront.extensions import db, write_transaction
from storefront.web import permissions, signing
from storefront.web.permissions import SCOPES

_MAX_LENGTH = 200
# The key in the WSGI environ that holds the verified caller of the request.
_CALLER = "storefront.api.caller"


class TokenError(StorefrontError):
    """A token cannot be created or revoked; the text says why."""

    status = 422


@dataclass(frozen=True, slots=True)
class Caller:
    """The owner of the token of a request."""

    token_id: str
    name: str
    scopes: frozenset[str]

    def allows(self, scope: str) -> bool:
        """Return whether the token has this scope. A write scope includes the read scope."""
        return permissions.allows(self.scopes, scope)


def create_token(name: str, scopes: Sequence[str], *, expires_at: datetime | None = None) -> str:
    """Create a token and return it: it is not stored and cannot be read again.

    Raises:
        TokenError: the name or a scope is not valid.
    """
    name = " ".join(name.split())
    if not 0 < len(name) <= 100 or not name.isprintable():
        raise TokenError("A token needs a name of 1 to 100 characters, so that it can be recognised later.")
    if not scopes or (set(scopes) - set(SCOPES)):
        raise TokenError(f"Name the scopes of the token, of: {', '.join(SCOPES)}.")
    key = secrets.token_hex(6)
    token = _signer(current_app).sign(f"sf_{key}_{secrets.token_urlsafe(32)}").decode()
    with write_transaction() as session:
        row = ApiToken(id=key, name=name, digest=_digest(token), scopes=sorted(set(scopes)))
        row.expires_at = expires_at
        session.add(row)
        security_events.record(session, "token-created", None, detail=_describe(row))
    return token


def list_tokens() -> Sequence[ApiToken]:
    """Return all tokens, the oldest first."""
    return db.session.execute(select(ApiToken).order_by(ApiToken.created_at, ApiToken.id)).scalars().all()


def revoke_token(token_id: str) -> ApiToken:
    """Revoke a token; this takes effect at once.

    Raises:
        TokenError: there is no token with this id.
    """
    with write_transaction() as session:
        row = session.get(ApiToken, token_id)
        if row is None:
            raise TokenError(f"There is no token {token_id!r}. `flask token list` names them.")
        if row.revoked_at is None:
            row.revoked_at = datetime.now(UTC)
            security_events.record(session, "token-revoked", None, detail=_describe(row))
    return row


def current_caller() -> Caller | None:
    """Return the owner of the current request's token; None for a request without `Authorization`.

    Raises:
        ProblemError: 401 if the header is not a valid token.
    """
    if "Authorization" not in request.headers:
        return None
    if _CALLER not in request.environ:
        request.environ[_CALLER] = _verify(request.headers["Authorization"])
    found: Caller = request.environ[_CALLER]
    return found


def current_actor() -> Actor | None:
    """Return the verified token of the current request as an actor; None if no token was verified yet."""
    found: Caller | None = request.environ.get(_CALLER)
    return Actor("token", found.token_id) if found else None


def read_names(token_ids: Collection[str]) -> dict[str, str]:
    """Return the names of these tokens."""
    query = select(ApiToken.id, ApiToken.name).where(ApiToken.id.in_(token_ids))
    return {row.id: row.name for row in db.session.execute(query)}


def require_scopes(*scopes: str) -> Caller:
    """Return the owner of the current request's token, which must have these scopes.

    Raises:
        ProblemError: 401 without a valid token, 403 if the token lacks a scope.
    """
    found = current_caller()
    if found is None:
        raise _unauthorised("This operation needs a token: send it as `Authorization: Bearer TOKEN`.")
    if missing := [scope for scope in scopes if not found.allows(scope)]:
        challenge = f'Bearer realm="storefront", error="insufficient_scope", scope="{" ".join(scopes)}"'
        raise ProblemError(
            403,
            f"The token {found.name!r} lacks the scope {', '.join(missing)}. Create one that has it with: "
            f"flask token create NAME --scope {missing[0]}",
            headers={"WWW-Authenticate": challenge},
        )
    return found


def identify(app: Flask, environ: Mapping[str, Any]) -> str | None:
    """Return the caller's identity for the rate limits, such as "token:0123456789ab"; None without a signed token."""
    header = environ.get("HTTP_AUTHORIZATION")
    if not header:
        return None
    kind, _, token = header.partition(" ")
    if kind.lower() != "bearer" or not token.startswith("sf_") or len(token) > _MAX_LENGTH:
        return None
    try:
        signed = _signer(app).unsign(token.strip())
    except BadSignature:
        return None
    return f"token:{signed.decode('ascii', 'replace').split('_', 2)[1]}"


def _verify(header: str) -> Caller:
    """Return the owner of the token in an Authorization header; raises ProblemError (401) if it is not valid."""
    kind, _, token = header.partition(" ")
    token = token.strip()
    if kind.lower() != "bearer" or not token.startswith("sf_") or len(token) > _MAX_LENGTH:
        raise _unauthorised("The header must be `Authorization: Bearer TOKEN`, with a token of this shop.")
    columns = load_only(
        ApiToken.name, ApiToken.scopes, ApiToken.expires_at, ApiToken.last_used_at, ApiToken.revoked_at
    )
    row = db.session.execute(
        select(ApiToken).where(ApiToken.digest == _digest(token)).options(columns)
    ).scalar_one_or_none()
    if row is None:
        raise _unauthorised("This shop does not know the token.", invalid=True)
    if row.revoked_at is not None:
        raise _unauthorised("The token has been revoked.", invalid=True)
    if row.expires_at is not None and row.expires_at <= datetime.now(UTC):
        raise _unauthorised("The token has expired. Create a new one with: flask token create", invalid=True)
    state.get(current_app).token_use.record(row.id, row.last_used_at)
    return Caller(row.id, row.name, frozenset(row.scopes))


def _describe(row: ApiToken) -> str:
    return f"{row.name} ({row.id}): {', '.join(row.scopes)}"


def _unauthorised(sentence: str, *, invalid: bool = False) -> ProblemError:
    challenge = 'Bearer realm="storefront"' + (', error="invalid_token"' if invalid else "")
    return ProblemError(401, sentence, headers={"WWW-Authenticate": challenge})


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


def _signer(app: Flask) -> signing.ShopSigner:
    return signing.create_signer(app, "api-token")
