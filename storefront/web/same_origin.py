"""The shop's own origin, and protection against cross-site request forgery (CSRF) by request headers.

Pages need no tokens, so they can be shared.
The script of a page cannot set `Sec-Fetch-Site` (Fetch Metadata, W3C) or `Origin` (RFC 6454), so a form on another
site cannot claim to come from this one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from flask import Flask, current_app, has_request_context, request
from werkzeug.wsgi import get_host

from storefront import languages
from storefront.errors import StorefrontError
from storefront.i18n import gettext as _
from storefront.web import hosts
from storefront.web.language_routes import LanguageAdapter
from storefront.web.prefix import add_prefix

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

_SAFE = frozenset(("GET", "HEAD", "OPTIONS", "TRACE"))


class CrossSiteRequestError(StorefrontError):
    """Another site's page sent a request that changes something."""

    status = 403

    def __init__(self) -> None:
        super().__init__(_("This was sent from another site. Open the page here and send it again."))


def init_app(app: Flask) -> None:
    """Refuse cross-site requests with unsafe methods (RFC 9110, 9.2.1); give templates the filter `absolute_url`."""
    app.add_template_filter(absolute_url)

    @app.before_request
    def refuse_cross_site() -> None:
        if is_refused(request.environ):
            raise CrossSiteRequestError


def is_refused(environ: WSGIEnvironment) -> bool:
    """Return whether a request would change something and comes from another site."""
    return environ["REQUEST_METHOD"] not in _SAFE and not _is_same_origin(environ)


def _is_same_origin(environ: WSGIEnvironment) -> bool:
    """Return whether a request comes from a page of this shop, or not from a page at all."""
    is_api = environ.get("PATH_INFO", "").startswith("/api/")
    if is_api and environ.get("HTTP_AUTHORIZATION", "").startswith("Bearer "):
        return True  # browsers do not send a token by themselves, as they do cookies
    site = environ.get("HTTP_SEC_FETCH_SITE")
    if site is not None:
        return site in ("same-origin", "none")
    origin = environ.get("HTTP_ORIGIN")
    if origin is not None:
        return bool(origin == f"{environ['wsgi.url_scheme']}://{get_host(environ)}")
    return "HTTP_COOKIE" not in environ


def get_origin() -> str:
    """Return the shop's own origin, e.g. "https://shop.example": the first trusted host, or this machine without one.

    It is never taken from a request's `Host`, so absolute URLs in shared pages and in mail are safe.
    """
    config = current_app.config
    host = config["TRUSTED_HOSTS"][0].lstrip(".") if config["TRUSTED_HOSTS"] else ""
    if config["ENV"] == "production":
        return f"https://{host}"
    if host and config["TRUSTED_PROXIES"]:
        is_secure = has_request_context() and request.is_secure
        return f"http{'s' * is_secure}://{host}"
    name, port = hosts.listening_at()
    return f"http://{host or name}" if ":" in host else f"http://{hosts.join_address(host or name, port)}"


def absolute_url(path: str) -> str:
    """Return a URL path of the shop's host (with the shop's prefix) as an absolute URL at the shop's own origin."""
    return get_origin() + path


def canonical_url(endpoint: str, **values: object) -> str:
    """Return the absolute URL of a page at the shop's own origin, for mails: the asker does not choose the host."""
    return build_url(get_origin() + add_prefix(""), endpoint, **values)


def build_url(site: str, endpoint: str, **values: object) -> str:
    """Return the absolute URL of a page, in the present language, at a site such as "https://shop.example/shop"."""
    parts = urlsplit(site)
    adapter = current_app.url_map.bind(parts.netloc, parts.path or "/", url_scheme=parts.scheme)
    if language := languages.current():
        adapter = LanguageAdapter(adapter, language)
    return str(adapter.build(endpoint, values, force_external=True))
