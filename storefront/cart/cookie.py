"""The cart's own cookie: a signed token, independent of the session, that lives for a year."""

from __future__ import annotations

from typing import Any

from flask import Response, current_app, request
from itsdangerous import BadSignature, URLSafeSerializer

MAX_AGE = 365 * 24 * 3600  # seconds
# Tells the page's script that /me is worth a request. It holds no secret, so scripts may read it.
HINT_COOKIE = "shopper"
# Keys in the WSGI environment: the request's token, and whether the response has to set the cookie.
_TOKEN_KEY, _COOKIE_DUE_KEY = "storefront.cart.token", "storefront.cart.due"


def cookie_name() -> str:
    """Return the cookie's name. Over TLS it has the prefix `__Host-`: only this host, over TLS, can set it."""
    return "__Host-cart" if _secure() else "cart"


def read_token() -> str:
    """Return the token of this request; empty without a cookie, or if its signature is not ours."""
    if _TOKEN_KEY not in request.environ:
        try:
            token = _signer().loads(request.cookies.get(cookie_name(), "")[:500])
        except BadSignature:
            token = None
        request.environ[_TOKEN_KEY] = token if isinstance(token, str) else ""
    return str(request.environ[_TOKEN_KEY])


def set_token(token: str) -> None:
    """Give this browser a cart's token: `set_cookie` puts it on the response."""
    request.environ[_TOKEN_KEY] = token
    request.environ[_COOKIE_DUE_KEY] = True


def clear_token() -> None:
    """Delete the cookie with this response."""
    request.environ[_TOKEN_KEY] = ""
    request.environ[_COOKIE_DUE_KEY] = True


def set_cookie(response: Response) -> Response:
    """Set or delete the cookie on the response if this request changed the token."""
    if not request.environ.pop(_COOKIE_DUE_KEY, False):
        return response
    flags: dict[str, Any] = {"secure": _secure(), "samesite": "Lax", "path": "/"}
    if not read_token():
        response.delete_cookie(cookie_name(), httponly=True, **flags)
        return response
    response.set_cookie(cookie_name(), _signer().dumps(read_token()), max_age=MAX_AGE, httponly=True, **flags)
    response.set_cookie(HINT_COOKIE, "1", max_age=MAX_AGE, **flags)
    return response


def _secure() -> bool:
    return request.is_secure or current_app.config["ENV"] == "production"


def _signer() -> URLSafeSerializer:
    return URLSafeSerializer(current_app.config["SECRET_KEY"], salt="cart")
