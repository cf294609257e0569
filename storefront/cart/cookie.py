"""The basket's own cookie: a signed token, apart from the session, that lives for a year."""

from __future__ import annotations

from typing import Any

from flask import Response, current_app, request
from itsdangerous import BadSignature, URLSafeSerializer

LIFE = 365 * 24 * 3600  # seconds
# Says to the page's script that there is something to ask /me for. Tells nothing, so it need not be hidden from it.
HINT = "shopper"
# Where a request's environment keeps its token, and whether the cookie is to be set.
_TOKEN, _DUE = "storefront.cart.token", "storefront.cart.due"


def name() -> str:
    """Return the cookie's name: under TLS one that only this host, over TLS, can have set."""
    return "__Host-cart" if _secure() else "cart"


def token() -> str:
    """Return the token that this request brings; empty without one, or with one that is not ours."""
    if _TOKEN not in request.environ:
        try:
            found = _signer().loads(request.cookies.get(name(), "")[:500])
        except BadSignature:
            found = None
        request.environ[_TOKEN] = found if isinstance(found, str) else ""
    return str(request.environ[_TOKEN])


def give(token: str) -> None:
    """Give this browser a cart's token; `send` sets the cookie."""
    request.environ[_TOKEN] = token
    request.environ[_DUE] = True


def forget() -> None:
    """Take the cookie away with this response."""
    request.environ[_TOKEN] = ""
    request.environ[_DUE] = True


def send(response: Response) -> Response:
    """Set the cookie on the response if a token was given or taken away in this request."""
    if not request.environ.pop(_DUE, False):
        return response
    flags: dict[str, Any] = {"secure": _secure(), "samesite": "Lax", "path": "/"}
    if not token():
        response.delete_cookie(name(), httponly=True, **flags)
        return response
    response.set_cookie(name(), _signer().dumps(token()), max_age=LIFE, httponly=True, **flags)
    response.set_cookie(HINT, "1", max_age=LIFE, **flags)
    return response


def _secure() -> bool:
    return request.is_secure or current_app.config["ENV"] == "production"


def _signer() -> URLSafeSerializer:
    return URLSafeSerializer(current_app.config["SECRET_KEY"], salt="cart")
