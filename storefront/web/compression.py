"""Content-Encoding: negotiation with the client, and compression of response bodies."""

from __future__ import annotations

import gzip
from collections.abc import Callable, Hashable

import brotli
from flask import Flask, Response, current_app, request
from werkzeug.datastructures import Accept

from storefront.app_state import Hook
from storefront.web import site_navigation

MIN_BYTES = 500
MAX_PAGES = 200
_SMALLEST_WINDOW, _LARGEST_WINDOW = 16, 22  # of brotli, as powers of two
_COMPRESSIBLE = ("text/", "application/json", "application/problem+json", "application/xml", "image/svg+xml")


printed_on_every_page = Hook[[], Hashable]("web.printed_on_every_page")
"""Returns the texts that every page prints and that may change, such as the shop's name."""


class PreparedResponse(Response):
    """A page that was rendered for an earlier request, with its compressed copies by encoding."""

    copies: dict[str, bytes]


class PreparedPages:
    """Pages that depend on little, such as error pages: each is rendered and compressed once.

    A refused request must not cost more than the page that it asked for.
    """

    def __init__(self) -> None:
        self._pages: dict[Hashable, tuple[bytes, dict[str, bytes]]] = {}

    def build_response(self, key: Hashable, render: Callable[[], str]) -> PreparedResponse:
        """Return the page with this key, which names what its content depends on.

        What every page prints is part of the key: the menus of its header and footer, and `printed_on_every_page`.
        """
        menus = site_navigation.find_menus(), site_navigation.find_links()
        key = (key, *menus, *printed_on_every_page.fire())
        page = self._pages.get(key)
        if page is None or current_app.debug:
            page = self._pages[key] = (render().encode(), {})
            if len(self._pages) > MAX_PAGES:
                del self._pages[next(iter(self._pages))]
        response = PreparedResponse(page[0], mimetype="text/html")
        response.copies = page[1]
        return response


def init_app(app: Flask) -> None:
    """Compress text responses, at a quality that takes less than a millisecond."""

    @app.after_request
    def compress(response: Response) -> Response:
        if not _may_compress(response):
            return response
        response.vary.add("Accept-Encoding")
        encoding = negotiate(request.accept_encodings)
        if encoding is not None:
            response.set_data(_encode_response(response, encoding))
            response.headers["Content-Encoding"] = encoding
        return response


def _encode_response(response: Response, encoding: str) -> bytes:
    copies = response.copies if isinstance(response, PreparedResponse) else {}
    if encoding not in copies:
        copies[encoding] = encode(response.get_data(), encoding, quality=4)
    return copies[encoding]


def negotiate(accepted: Accept) -> str | None:
    """Return "br", "gzip" or None, as the client prefers (RFC 9110, 12.5.3); "br" if it likes both the same."""
    return accepted.best_match(["br", "gzip"]) if accepted else None


def encode(body: bytes, encoding: str, *, quality: int) -> bytes:
    """Return the body compressed; `quality` is brotli's (0 to 11), gzip's is the same up to 9."""
    if encoding == "br":
        # A window that is larger than the body saves nothing, and takes time to prepare.
        window = min(max(len(body).bit_length(), _SMALLEST_WINDOW), _LARGEST_WINDOW)
        return bytes(brotli.compress(body, quality=quality, lgwin=window))
    return gzip.compress(body, compresslevel=min(quality, 9), mtime=0)


def _may_compress(response: Response) -> bool:
    return (
        not response.direct_passthrough
        and not response.is_streamed
        and response.status_code not in (204, 206, 304)
        and "Content-Encoding" not in response.headers
        and (response.mimetype or "").startswith(_COMPRESSIBLE)
        and len(response.get_data()) >= MIN_BYTES
    )
