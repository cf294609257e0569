"""Thin WSGI layers in front of Flask: for cached pages, for refusals, and for streams that leave gunicorn.

Entries, page headers and counters come from `cache`, the headers of every response from `web`.
"""

from __future__ import annotations

from flask import Flask

from storefront.cache.state import cache_state
from storefront.edge.fast_path import CachedPageLayer, FastPath, cached_pages, fast_path
from storefront.edge.repeated_refusals import RefusalLayer
from storefront.live.socket_takeover import SocketTakeover
from storefront.live.wsgi_stream import stream_paths
from storefront.web.common_headers import Measure
from storefront.web.prefix import PrefixLayer

__all__ = ["init_app", "init_fast_path"]


def init_app(app: Flask) -> None:
    """Wrap the application in the layers. Middleware that must see a request first wraps it later (ProxyFix)."""
    if not app.debug:
        app.wsgi_app = RefusalLayer(app, app.wsgi_app)  # type: ignore[method-assign]
    cache = cache_state.find(app)
    if cache is not None and not app.debug:
        pages = CachedPageLayer(app, cache, app.wsgi_app)
        cached_pages.set(app, pages)
        app.wsgi_app = pages  # type: ignore[method-assign]
    app.wsgi_app = SocketTakeover(app.wsgi_app, stream_paths.setdefault(app, set()))  # type: ignore[method-assign]


def init_fast_path(app: Flask, measure: Measure | None) -> None:
    """Offer the fast path to the worker, if the shop has cached pages and every answer can be measured.

    Args:
        app: the application.
        measure: counts and logs an answer; None if only whole requests can be measured (tracing).
    """
    pages = cached_pages.find(app)
    if pages is not None and measure is not None:
        mount = PrefixLayer(app, app.wsgi_app).mount if app.config["PREFIX"] else None
        fast_path.set(app, FastPath(pages, measure, app.config["TRUSTED_PROXIES"], mount))
