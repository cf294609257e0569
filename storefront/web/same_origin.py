"""The shop's own origin, and protection against cross-site request forgery (CSRF) by request headers.

Pages need no tokens, so they can be shared.
The script of a page cannot set `Sec-Fetch-Site` (Fetch Metadata, W3C) or `Origin` (RFC 6454), so a form on another
site cannot claim to come from this one.
"""

from __future__ import annotations

from flask import Flask, current_app, request

from storefront.errors import StorefrontError
from storefront.i18n import gettext as _

_SAFE = frozenset(("GET", "HEAD", "OPTIONS", "TRACE"))


class CrossSiteRequestError(StorefrontError):
    """Another site's page sent a request that changes something."""

    status = 403

    def __init__(self) -> None:
        super().__init__(
            _(
                "This was sent from another site, or by a browser that does not say from where. "
                "Open the page here and send it again."
            )
        )


def init_app(app: Flask) -> None:
    """Refuse cross-site requests with unsafe methods (RFC 9110, 9.2.1)."""

    @app.before_request
    def refuse_cross_site() -> None:
        if is_refused():
            raise CrossSiteRequestError


def is_refused() -> bool:
    """Return whether the current request would change something and comes from another site."""
    return request.method not in _SAFE and not is_same_origin()


def is_same_origin() -> bool:
    """Return whether the current request comes from a page of this shop, or not from a page at all."""
    if request.path.startswith("/api/") and request.headers.get("Authorization", "").startswith("Bearer "):
        return True  # browsers do not send a token by themselves, as they do cookies
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None:
        return site in ("same-origin", "none")
    origin = request.headers.get("Origin")
    if origin is not None:
        return origin == f"{request.scheme}://{request.host}"
    return "Cookie" not in request.headers


def get_origin() -> str:
    """Return the shop's own origin, e.g. "https://shop.example": the first trusted host, or localhost without one.

    It is never taken from a request, so absolute URLs in shared pages and in mail are safe.
    """
    hosts, production = current_app.config["TRUSTED_HOSTS"], current_app.config["ENV"] == "production"
    host = hosts[0].lstrip(".") if hosts else "localhost:8000"
    return f"{'https' if production else 'http'}://{host}"
