"""Forgery is refused by what browsers say of a request, not by tokens in pages: pages stay the same for everybody.

`Sec-Fetch-Site` (Fetch Metadata, W3C) and `Origin` (RFC 6454) cannot be set by a page's script, so a form on another
site cannot claim to be ours.
"""

from __future__ import annotations

from flask import Flask, request

from storefront.errors import StorefrontError

_SAFE = frozenset(("GET", "HEAD", "OPTIONS", "TRACE"))


class ForeignRequestError(StorefrontError):
    """A request that changes something was sent by a page of another site."""

    status = 403

    def __init__(self) -> None:
        super().__init__(
            "This was sent from another site, or by a browser that does not say from where. "
            "Open the page here and send it again."
        )


def init_app(app: Flask) -> None:
    """Refuse foreign requests that could change something."""

    @app.before_request
    def refuse_foreign() -> None:
        if request.method not in _SAFE and not is_own():
            raise ForeignRequestError


def is_own() -> bool:
    """Return whether the current request comes from a page of this shop, or from no page at all."""
    if request.path.startswith("/api/") and request.headers.get("Authorization", "").startswith("Bearer "):
        return True  # a token is not sent by itself, as cookies are
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None:
        return site in ("same-origin", "none")
    origin = request.headers.get("Origin")
    if origin is not None:
        return origin == f"{request.scheme}://{request.host}"
    return "Cookie" not in request.headers
