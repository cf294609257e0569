"""A thin WSGI layer in front of Flask: held pages are answered before a request begins, streams leave it.

Nothing is decided here: entries, headers and counters are the cache's, the headers of every response are `web`'s.
"""

from __future__ import annotations

from flask import Flask

from storefront.edge.pages import Pages
from storefront.edge.streams import Streams


def init_app(app: Flask) -> None:
    """Put the layer in front of the application; what must come before it (a proxy's headers) wraps it later."""
    if "cache" in app.extensions and not app.debug:
        app.wsgi_app = Pages(app, app.wsgi_app)  # type: ignore[method-assign]
    app.wsgi_app = Streams(app, app.wsgi_app)  # type: ignore[method-assign]
