"""The basket's own cookie: a signed token, apart from the session, that lives for a year."""

from __future__ import annotations

from typing import Any

from flask import Response, current_app, request
from itsdangerous import BadSignature, URLSafeSerializer

MAX_AGE = 365 * 24 * 3600  # seconds
# Says to the page's script that there is something to ask /me for. Tells nothing, so it need not be hidden from it.
HINT_COOKIE = "shopper"
# Where a request's environment keeps its token, and whether the cookie is to be set.
_TOKEN_KEY, _COOKIE_DUE_KEY = "storefront.cart.token", "storefront.cart.due"


def cookie_name() -> str:
    """Return the cookie's name: under TLS one that only this host, over TLS, can have set."""
    return "__Host-cart" if _secure() else "cart"


def read_token() -> str:
    """Return the token that this request brings; empty without one, or with one that is not ours."""
    if _TOKEN_KEY not in request.environ:
        try:
            found = _signer().loads(request.cookies.get(cookie_name(), "")[:500])
        except BadSignature:
            found = None
        request.environ[_TOKEN_KEY] = found if isinstance(found, str) else ""
    return str(request.environ[_TOKEN_KEY])


def set_token(token: str) -> None:
    """Give this browser a cart's token; `send` sets the cookie."""
    request.environ[_TOKEN_KEY] = token
    request.environ[_COOKIE_DUE_KEY] = True


def clear_token() -> None:
    """Take the cookie away with this response."""
    request.environ[_TOKEN_KEY] = ""
    request.environ[_COOKIE_DUE_KEY] = True


def set_cookie(response: Response) -> Response:
    """Set the cookie on the response if a token was given or taken away in this request."""
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
