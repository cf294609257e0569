"""Fields of a response that belong to one request, and must not enter a shared cache's copy of a public page.

nginx and Varnish remove them with our configuration. Other shared caches (a CDN) store what they receive.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from flask import Flask, Response, request

# The id of a request in its WSGI environment, for the log: its response may not have it.
REQUEST_ID = "storefront.request_id"

# A cache may store answers with these statuses even if they do not say so (RFC 9110, 15.1); 304 renews a copy.
_STORABLE = frozenset((200, 203, 204, 206, 300, 301, 304, 308, 404, 405, 410, 414, 501))

Check = Callable[[Mapping[str, Any]], bool]


def create_check(app: Flask) -> Check:
    """Return the function that says whether a shared cache passed a request on, by its WSGI environment.

    With STOREFRONT_EDGE that is every request. Otherwise a proxy has to name itself in `Via` (RFC 9110, 7.6.3), and a
    CDN in `CDN-Loop` (RFC 8586).
    """
    if app.config.get("EDGE"):
        return lambda _environ: True
    return lambda environ: "HTTP_VIA" in environ or "HTTP_CDN_LOOP" in environ


def enters_shared_cache(check: Check, response: Response) -> bool:
    """Return whether a shared cache may store this response to the current request."""
    if response.status_code not in _STORABLE or request.method not in ("GET", "HEAD"):
        return False
    control = response.headers.get("Cache-Control", "")
    return "private" not in control and "no-store" not in control and check(request.environ)
