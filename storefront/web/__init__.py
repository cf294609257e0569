"""What every response has: request id, security headers, compression; and static files and health."""

from __future__ import annotations

from flask import Flask

from storefront.web import compression, health, logs, pages, request_id, security, security_txt, static_files
from storefront.web.headers import Headers

__all__ = ["Headers", "init_app"]


def init_app(app: Flask) -> None:
    """Register the hooks of this room; response hooks run in the reverse of this order."""
    logs.init_app(app)
    request_id.init_app(app)
    security.init_app(app)
    static_files.init_app(app)
    compression.init_app(app)
    health.init_app(app)
    security_txt.init_app(app)
    pages.init_app(app)
