"""The sign-in's own cookie: whose it is and a long random secret, signed. SQL has a digest of the secret.

The signature lets a forged cookie be refused, and an account be named to the rate limits, without asking anybody.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from flask import Flask, Response, current_app, request
from itsdangerous import BadSignature, URLSafeSerializer
from werkzeug.sansio.http import parse_cookie

LIFETIME = timedelta(days=180)  # with "keep me signed in"; else until the browser ends
# Says to the page's script that there is something to ask /me for. Tells nothing, so it need not be hidden from it.
HINT_COOKIE = "shopper"
_MAX_LENGTH = 500
# Where a request's environment keeps what it presents, and the cookie that is to be set.
_READ, _TO_SET = "storefront.accounts.presented", "storefront.accounts.cookie"


@dataclass(frozen=True, slots=True)
class SignInCookie:
    """What a genuine cookie says. Whether the sign-in still holds, SQL knows."""

    user_id: int
    digest: str


def read() -> SignInCookie | None:
    """Return what the current request presents; None without a cookie, or with one that is not ours."""
    return read_environ(current_app, request.environ)


def read_environ(app: Flask, environ: Mapping[str, Any]) -> SignInCookie | None:
    """Return what a request presents, by its WSGI environment."""
    if _READ in environ:
        found: SignInCookie | None = environ[_READ]
        return found
    sent = environ.get("HTTP_COOKIE")
    if not sent:
        return None
    name = _name(app, environ)
    # Parsed as `request.cookies` is: bytes that are no UTF-8 are nobody's, and no failure.
    return _read(app, parse_cookie(sent).get(name, "")) if f"{name}=" in sent else None


def identify(app: Flask, environ: Mapping[str, Any]) -> str | None:
    """Return who is asking, for the rate limits: "shopper:12"."""
    found = read_environ(app, environ)
    return f"shopper:{found.user_id}" if found else None


def issue(user_id: int, *, keep: bool) -> SignInCookie:
    """Give this browser a new secret; `send` sets the cookie."""
    value = _signer(current_app).dumps([user_id, secrets.token_urlsafe(32)])
    found = _read(current_app, str(value))
    assert found is not None  # noqa: S101  # we have just made it
    request.environ[_READ], request.environ[_TO_SET] = found, (value, keep)
    return found


def clear() -> None:
    """Take the cookie away with this response."""
    request.environ[_READ], request.environ[_TO_SET] = None, (None, False)


def write(response: Response) -> Response:
    """Set the cookie on the response if a sign-in began or ended in this request."""
    value, keep = request.environ.pop(_TO_SET, (False, False))
    if value is False:
        return response
    name = _name(current_app, request.environ)
    flags: dict[str, Any] = {"secure": name.startswith("__Host-"), "samesite": "Lax", "path": "/"}
    if value is None:
        response.delete_cookie(name, httponly=True, **flags)
        return response
    response.set_cookie(name, value, max_age=LIFETIME if keep else None, httponly=True, **flags)
    response.set_cookie(HINT_COOKIE, "1", max_age=timedelta(days=365), **flags)
    return response


def _name(app: Flask, environ: Mapping[str, Any]) -> str:
    secure = environ.get("wsgi.url_scheme") == "https" or app.config["ENV"] == "production"
    return "__Host-signin" if secure else "signin"


def _read(app: Flask, value: str) -> SignInCookie | None:
    if not value or len(value) > _MAX_LENGTH:
        return None
    try:
        content = _signer(app).loads(value)
    except BadSignature:
        return None
    match content:
        case [int(user_id), str(secret)]:
            return SignInCookie(user_id, hashlib.sha256(secret.encode()).hexdigest())
    return None


def _signer(app: Flask) -> URLSafeSerializer:
    return URLSafeSerializer(app.config["SECRET_KEY"], salt="sign-in")
