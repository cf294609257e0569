"""Content-Encoding: negotiation with the client, and compression of response bodies."""

from __future__ import annotations

import gzip

import brotli
from flask import Flask, Response, request
from werkzeug.datastructures import Accept

MIN_BYTES = 500
_COMPRESSIBLE = ("text/", "application/json", "application/problem+json", "application/xml", "image/svg+xml")


def init_app(app: Flask) -> None:
    """Compress text responses, at a quality that takes less than a millisecond."""

    @app.after_request
    def compress(response: Response) -> Response:
        if not _may_compress(response):
            return response
        response.vary.add("Accept-Encoding")
        encoding = negotiate(request.accept_encodings)
        if encoding is not None:
            response.set_data(encode(response.get_data(), encoding, quality=4))
            response.headers["Content-Encoding"] = encoding
        return response


def negotiate(accepted: Accept) -> str | None:
    """Return "br", "gzip" or None, as the client prefers (RFC 9110, 12.5.3); "br" if it likes both the same."""
    return accepted.best_match(["br", "gzip"]) if accepted else None


def encode(body: bytes, encoding: str, *, quality: int) -> bytes:
    """Return the body compressed; `quality` is brotli's (0 to 11), gzip's is the same up to 9."""
    if encoding == "br":
        return bytes(brotli.compress(body, quality=quality))
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
