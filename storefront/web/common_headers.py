"""The headers of every response: the request's id and the security headers.

X-Request-ID is the id of a request in logs, error pages and the response. The content security policy allows no
inline scripts or styles.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Mapping
from typing import Any

from flask import Flask, Response, abort, g, request

from storefront.web import shared_caches
from storefront.web.shared_caches import REQUEST_ID, enters_shared_cache

Header = tuple[str, str]
# Measures a response. Called with the WSGI environment, the status, the headers and the seconds it took.
Measure = Callable[[dict[str, Any], str, list[Header], float], None]

_WELL_FORMED_ID = re.compile(r"[A-Za-z0-9._-]{8,64}")
_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "font-src 'self'",
        "connect-src 'self'",
        "worker-src 'self'",
        "manifest-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)
# A page that shows another page of the shop in a frame, and the page in it. No other site can be either of them.
FRAMING_POLICY = f"{_POLICY}; frame-src 'self'"
FRAMED_POLICY = _POLICY.replace("frame-ancestors 'none'", "frame-ancestors 'self'")
HEADERS = {
    "Content-Security-Policy": _POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "strict-origin-when-cross-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), payment=(), usb=()",
}
_SECURE = HEADERS | {"Strict-Transport-Security": "max-age=31536000; includeSubDomains"}


def init_app(app: Flask) -> None:
    """Set the headers on every response (HSTS, RFC 6797, only over TLS); refuse paths with a NUL character."""
    trusted, prefix = app.config["TRUSTED_PROXIES"] > 0, app.config["PREFIX"]
    is_shared = shared_caches.create_check(app)

    @app.before_request
    def set_request_id() -> None:
        g.request_id = choose_request_id(request.headers.get("X-Request-ID", ""), trusted=trusted)

    @app.before_request
    def refuse_nul() -> None:
        if "\x00" in request.path:  # PostgreSQL refuses texts with NUL
            abort(404)

    @app.after_request
    def send_request_id(response: Response) -> Response:
        request_id = g.get("request_id") or _make_request_id()
        if enters_shared_cache(is_shared, response):
            request.environ[REQUEST_ID] = request_id
        else:
            response.headers["X-Request-ID"] = request_id
        return response

    @app.after_request
    def add_security_headers(response: Response) -> Response:
        for name, value in get_security_headers(secure=request.is_secure).items():
            response.headers.setdefault(name, value)
        return response

    @app.after_request
    def make_redirect_relative(response: Response) -> Response:
        # Werkzeug's own redirects (of doubled slashes) repeat the Host header; a cache could store a forged one.
        location = response.headers.get("Location", "")
        if location.startswith("http") and location.startswith(request.host_url):
            location = "/" + location.removeprefix(request.host_url).lstrip("/")
            response.headers["Location"] = location
        # Views redirect to paths of the shop, such as that of `next`; check_prefix keeps the two kinds apart.
        if prefix and location.startswith("/") and not f"{location}/".startswith(f"{prefix}/"):
            response.headers["Location"] = f"{prefix}{location}"
        return response


def get_security_headers(*, secure: bool) -> dict[str, str]:
    """Return the security headers of a response over TLS or plain HTTP."""
    return _SECURE if secure else HEADERS


def choose_request_id(given: str, *, trusted: bool) -> str:
    """Return the id that a trusted proxy sent, if it is well-formed, else a new one."""
    return given if trusted and _WELL_FORMED_ID.fullmatch(given) else _make_request_id()


def _make_request_id() -> str:
    return f"{random.getrandbits(64):016x}"  # unique, not a secret


class CommonHeaders:
    """The headers of every response of an application, for layers that answer before Flask."""

    def __init__(self, app: Flask) -> None:
        self._trusted = app.config["TRUSTED_PROXIES"] > 0
        self._plain, self._secure = (
            list(get_security_headers(secure=secure).items()) for secure in (False, True)
        )

    def request_id_header(self, environ: Mapping[str, Any]) -> Header:
        """Return the X-Request-ID header, which differs for each request."""
        given = environ.get("HTTP_X_REQUEST_ID", "")
        return "X-Request-ID", choose_request_id(given, trusted=self._trusted)

    def constant(self, *, secure: bool) -> list[Header]:
        """Return the headers that are always the same, for TLS or plain HTTP."""
        return self._secure if secure else self._plain
