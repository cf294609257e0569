"""What every response has: a request id, security headers, compression; static files; liveness and readiness."""

from __future__ import annotations

from flask import Flask

from storefront.web import compression, health, pages, request_id, security, static_files


def init_app(app: Flask) -> None:
    """Register the hooks of this room. Response hooks run in reverse order: compression is the last to touch a body."""
    request_id.init_app(app)
    security.init_app(app)
    static_files.init_app(app)
    compression.init_app(app)
    health.init_app(app)
    pages.init_app(app)
