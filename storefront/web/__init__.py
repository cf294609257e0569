"""HTTP of the whole shop: request ids, security headers, compression, static files, health, error pages, logs."""

from __future__ import annotations

from flask import Flask

from storefront.web import (
    common_headers,
    compression,
    cookies,
    error_pages,
    health,
    logs,
    security_txt,
    site_navigation,
    static_files,
    template_slots,
    url_ids,
)
from storefront.web.common_headers import CommonHeaders

__all__ = ["DETACHED_RESPONSE", "ROUTE", "CommonHeaders", "init_app"]

# In the WSGI environment: status and headers of a response that a layer sent itself, for the layer that measures.
DETACHED_RESPONSE = "storefront.detached_response"
# … (endpoint, rule), set when the URL has been matched.
ROUTE = "storefront.route"


def init_app(app: Flask) -> None:
    """Register this room's hooks and pages. Response hooks run in the reverse of this order."""
    url_ids.init_app(app)
    logs.init_app(app)
    cookies.init_app(app)
    common_headers.init_app(app)
    static_files.init_app(app)
    site_navigation.init_app(app)
    template_slots.init_app(app)
    compression.init_app(app)
    health.init_app(app)
    security_txt.init_app(app)
    error_pages.init_app(app)
