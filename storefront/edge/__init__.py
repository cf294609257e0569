"""Thin layers in front of Flask: held pages are answered before a request begins, streams leave it.

Nothing is decided here: entries, headers and counters are the cache's, the headers of every response are `web`'s.
"""

from __future__ import annotations

from flask import Flask

from storefront.edge import fast_path
from storefront.edge.cached_pages import Pages
from storefront.edge.streams import Streams

__all__ = ["fast_path", "init_app"]


def init_app(app: Flask) -> None:
    """Put the layers in front of the application; what must come before them (a proxy's headers) wraps them later."""
    if "cache" in app.extensions and not app.debug:
        pages = app.extensions["edge_pages"] = Pages(app, app.wsgi_app)
        app.wsgi_app = pages  # type: ignore[method-assign]
    app.wsgi_app = Streams(app, app.wsgi_app)  # type: ignore[method-assign]
