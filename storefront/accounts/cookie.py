"""The sign-in cookie: the account's id and a random secret, signed. SQL stores a digest of the secret.

The signature lets a process reject a forged cookie, and identify an account to the rate limits, without a query.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flask import Flask, Response, current_app, request
from itsdangerous import BadSignature

from storefront.accounts import lifetimes
from storefront.web import cookies, signing

# The names without the prefix `__Host-`, which they have over TLS.
SIGN_IN_COOKIE = "signin"
DEVICE_COOKIE = "device"  # storefront/accounts/known_devices.py
# With "keep me signed in". Otherwise the cookie lasts until the browser is closed.
LIFETIME = lifetimes.KEPT
_MAX_LENGTH = 500
_SALT = "sign-in"
# Keys in the WSGI environ: the cookie of the request, and the cookie that the response sets.
_READ, _TO_SET = "storefront.accounts.presented", "storefront.accounts.cookie"


@dataclass(frozen=True, slots=True)
class SignInCookie:
    """The content of a cookie with a valid signature. Only SQL knows whether the sign-in is still valid."""

    user_id: int
    digest: str


def read() -> SignInCookie | None:
    """Return the current request's sign-in cookie; None if it has none with a valid signature."""
    return read_environ(current_app, request.environ)


def read_environ(app: Flask, environ: Mapping[str, Any]) -> SignInCookie | None:
    """Return the sign-in cookie of a request, by its WSGI environ; None if it has none with a valid signature."""
    if _READ in environ:
        found: SignInCookie | None = environ[_READ]
        return found
    return _read(app, read_value(app, environ, SIGN_IN_COOKIE))


def read_value(app: Flask, environ: Mapping[str, Any], cookie: str) -> str:
    """Return the value of a cookie of the request, by its name without prefix; empty if it is missing.

    A cookie of an earlier version counts, until one under the present name replaces it.
    """
    return cookies.read(app, environ, cookie) or cookies.read_former(app, environ, cookie)


def identify(app: Flask, environ: Mapping[str, Any]) -> str | None:
    """Return the caller's identity for the rate limits, such as "shopper:12"."""
    found = read_environ(app, environ)
    return f"shopper:{found.user_id}" if found else None


def issue(user_id: int, *, keep: bool) -> SignInCookie:
    """Create a cookie with a new secret for this browser; `write` puts it on the response."""
    value = signing.create_serializer(current_app, _SALT).dumps([user_id, secrets.token_urlsafe(32)])
    found = _read(current_app, str(value))
    assert found is not None  # noqa: S101  # signed one line above
    request.environ[_READ], request.environ[_TO_SET] = found, (value, keep)
    return found


def clear() -> None:
    """Remove the cookie with this response."""
    request.environ[_READ], request.environ[_TO_SET] = None, (None, False)


def write(response: Response) -> Response:
    """Set or delete the cookie on the response if a sign-in began or ended in this request."""
    value, keep = request.environ.pop(_TO_SET, (False, False))
    if value is False:
        _rename(response)
        return response
    name, flags = name_and_flags(SIGN_IN_COOKIE)
    if value is None:
        response.delete_cookie(name, httponly=True, **flags)
        if _read(current_app, cookies.read_former(current_app, request.environ, SIGN_IN_COOKIE)):
            cookies.delete_former(current_app, request.environ, SIGN_IN_COOKIE, response)
        return response
    response.set_cookie(name, value, max_age=LIFETIME if keep else None, httponly=True, **flags)
    cookies.set_hint(current_app, request.environ, response)
    return response


def name_and_flags(cookie: str) -> tuple[str, dict[str, Any]]:
    """Return the complete name of a cookie, and the attributes with which it is set and deleted."""
    app, environ = current_app, request.environ
    return cookies.name_of(app, environ, cookie), cookies.attributes(app, environ)


def _rename(response: Response) -> None:
    """Give a sign-in of an earlier version's cookie the present name too, with a response that no cache keeps.

    It lasts until the browser closes. The earlier cookie stays, and renews it.
    """
    if "no-store" not in response.headers.get("Cache-Control", ""):
        return
    name, flags = name_and_flags(SIGN_IN_COOKIE)
    former = cookies.read_former(current_app, request.environ, SIGN_IN_COOKIE)
    if former and name not in request.cookies and _read(current_app, former):
        response.set_cookie(name, former, httponly=True, **flags)
        cookies.set_hint(current_app, request.environ, response)


def _read(app: Flask, value: str) -> SignInCookie | None:
    if not value or len(value) > _MAX_LENGTH:
        return None
    try:
        content = signing.create_serializer(app, _SALT).loads(value)
    except BadSignature:
        return None
    match content:
        case [int(user_id), str(secret)]:
            return SignInCookie(user_id, hashlib.sha256(secret.encode()).hexdigest())
    return None
