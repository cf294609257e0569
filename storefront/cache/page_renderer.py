"""Renders a page of the app as a build, outside any visitor's request.

The page goes through the application's own hooks and views, but not through a socket and not through the WSGI layers:
no rate limit is spent, and metrics and the request log count visitors only. It has neither cookies nor a session.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from io import BytesIO
from typing import TYPE_CHECKING, Any, NamedTuple

from flask import Flask, Response, current_app
from werkzeug.test import EnvironBuilder, run_wsgi_app

from storefront import rate_limiting
from storefront.cache import page_builds, responses
from storefront.cache.build_context import bypass_cache, list_bypassed, work_in_background
from storefront.cache.etags import compute_digest
from storefront.cache.keys import CacheEntry
from storefront.cache.page_builds import PageBuild
from storefront.cache.store import BuildTicket, CacheHit
from storefront.web import hosts

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

    from storefront.cache.state import CacheState

# In the WSGI environment: the Rendering that this request is a part of.
_RENDERING_KEY = "storefront.cache.rendering"
_ENCODING = "br"  # that is asked for; the others are stored, too


class PageAddress(NamedTuple):
    """Where a page is: all that its content depends on. Path and query are as WSGI gives them (PEP 3333)."""

    scheme: str
    host: str
    path: str  # without the app's prefix
    query: str

    @classmethod
    def of_request(cls, environ: Mapping[str, Any]) -> PageAddress:
        """Return the address that a request asks for."""
        host = environ.get("HTTP_HOST") or hosts.join_address(environ["SERVER_NAME"], environ["SERVER_PORT"])
        return cls(environ["wsgi.url_scheme"], host, environ["PATH_INFO"], environ.get("QUERY_STRING", ""))

    @classmethod
    def of_url(cls, app: Flask, url: str) -> PageAddress:
        """Return the address of a path with its query, as the app's own host has it."""
        host = (app.config["TRUSTED_HOSTS"] or ["localhost"])[0].lstrip(".")
        return cls.of_request(EnvironBuilder(url, f"https://{host}").get_environ())


class RenderedPage(NamedTuple):
    """A page that was built and not stored.

    Attributes:
        meta: the stored part of the response without its body (`responses.decode_head`).
        digest: of the page; equal to the `etag` of an entry with the same page.
        body: not compressed.
        tags: that would invalidate it.
        valid_until: seconds since the epoch; the page is wrong from then on.
    """

    meta: bytes
    digest: str
    body: bytes
    tags: tuple[str, ...]
    valid_until: float


@dataclass(slots=True)
class Rendering:
    """A page that is being rendered in the background.

    Attributes:
        ticket: to build the page with; without it the page is looked up first, and built if it is missing.
        waits: if another process builds the page, wait for it; else leave it to that process.
        is_detached: build the page from its sources: nothing is read from the cache, and nothing stored.
        was_stored: whether the page was built and stored.
        is_unstorable: whether the page was built, and is one that the cache must not keep.
        page: the page of a detached rendering.
        sources: of a detached rendering: the keys of the cached data that others make this page of.
    """

    ticket: BuildTicket | None = None
    waits: bool = True
    is_detached: bool = False
    was_stored: bool = False
    is_unstorable: bool = False
    page: RenderedPage | None = None
    sources: tuple[str, ...] = ()


def render_missing(app: Flask, address: PageAddress, *, waits: bool = True) -> bool:
    """Render a page and store it, unless the cache has it; return whether it was stored.

    If another process builds the page, wait for it, or leave it to that process.
    """
    rendering = Rendering(waits=waits)
    _render(app, address, rendering)
    return rendering.was_stored


def render_with_ticket(app: Flask, address: PageAddress, ticket: BuildTicket) -> Rendering:
    """Render the page of a ticket and store it; the ticket is closed afterwards.

    An address that leads to another entry than the ticket's is not rendered.
    """
    rendering = Rendering(ticket)
    try:
        _render(app, address, rendering)
    finally:
        ticket.abandon()
    return rendering


def render_detached(app: Flask, address: PageAddress) -> Rendering:
    """Render a page from its sources without reading or changing the cache, to compare it with a cached one.

    The result has no page if the address has none that the cache may keep, or if rendering it failed.
    """
    rendering = Rendering(is_detached=True)
    _render(app, address, rendering)
    return rendering


def find_rendering(environ: Mapping[str, Any]) -> Rendering | None:
    """Return the rendering that a request is a part of; None for a visitor's request."""
    return environ.get(_RENDERING_KEY)


def begin_rendering(
    state: CacheState, rendering: Rendering, entry: CacheEntry, address: str
) -> Response | None:
    """Begin to build the current request's page; return an empty response if it need not be built."""
    if rendering.is_detached:
        bypass_cache()
        ticket = state.store.make_detached_ticket(entry)
    else:
        result = rendering.ticket or _find_ticket(state, rendering, entry)
        if result is None or result.entry.key != entry.key:
            return current_app.response_class(status=204)
        ticket = result
        ticket.begin(None, in_background=True)
    page_builds.begin_build(ticket, _ENCODING, {}, address, state.visitor_builds)
    return None


def _find_ticket(state: CacheState, rendering: Rendering, entry: CacheEntry) -> BuildTicket | None:
    if not rendering.waits:
        return state.store.acquire_ticket(entry)
    result = state.store.look_up(entry, responses.variant_of(_ENCODING), relaxed=True)
    return None if isinstance(result, CacheHit) else result


def end_rendering(state: CacheState, rendering: Rendering, build: PageBuild, response: Response) -> Response:
    """Store the page that was built, or keep it in the rendering if that is detached."""
    if response.status_code >= 500:
        return response
    rendering.sources = list_bypassed()
    if not page_builds.is_storable(build, response):
        rendering.is_unstorable = True
        return response
    if rendering.is_detached:
        body, meta = response.get_data(), responses.encode_head(response)
        tags, until = state.store.tag_modes.complete_tags(build.tags), build.tags.valid_until
        rendering.page = RenderedPage(meta, compute_digest(body, meta), body, tags, until)
        return response
    response = page_builds.store_response(state, build, response)
    rendering.was_stored = build.was_stored
    return response


def _render(app: Flask, address: PageAddress, rendering: Rendering) -> None:
    environ: WSGIEnvironment = {
        "REQUEST_METHOD": "GET",
        "SCRIPT_NAME": app.config["PREFIX"],
        "PATH_INFO": address.path,
        "QUERY_STRING": address.query,
        "SERVER_NAME": address.host,
        "SERVER_PORT": "443" if address.scheme == "https" else "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "127.0.0.1",
        "HTTP_HOST": address.host,
        "HTTP_ACCEPT_ENCODING": _ENCODING,
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": address.scheme,
        "wsgi.input": BytesIO(),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
        _RENDERING_KEY: rendering,
        **rate_limiting.UNLIMITED_ENVIRON,
    }
    # A context of its own: the caller's has a database session that may read an old snapshot.
    with app.app_context():
        work_in_background()
        run_wsgi_app(partial(Flask.wsgi_app, app), environ, buffered=True)
