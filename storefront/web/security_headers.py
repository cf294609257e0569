"""Security headers of every response. The policy allows no inline scripts or styles."""

from __future__ import annotations

from flask import Flask, Response, abort, request

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

    @app.before_request
    def refuse_nul() -> None:
        if "\x00" in request.path:  # PostgreSQL refuses texts with NUL
            abort(404)

    @app.after_request
    def add_headers(response: Response) -> Response:
        for name, value in get_headers(secure=request.is_secure).items():
            response.headers.setdefault(name, value)
        return response

    @app.after_request
    def make_redirect_relative(response: Response) -> Response:
        # Werkzeug's own redirects (of doubled slashes) repeat the Host header; a cache could store a forged one.
        location = response.headers.get("Location", "")
        if location.startswith("http") and location.startswith(request.host_url):
            response.headers["Location"] = "/" + location.removeprefix(request.host_url).lstrip("/")
        return response


def get_headers(*, secure: bool) -> dict[str, str]:
    """Return the headers of a response over TLS or plain HTTP."""
    return _SECURE if secure else HEADERS
