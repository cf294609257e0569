"""Private responses: pages of one person, or of staff, that no cache may keep. Their addresses may hold a token."""

from __future__ import annotations

from typing import TypeVar

import flask
from werkzeug.wrappers import Response

AnyResponse = TypeVar("AnyResponse", bound=Response)

PRIVATE = "private, no-store"
"""The Cache-Control header of a private response."""


def mark_private(response: AnyResponse) -> AnyResponse:
    """Keep the response out of every cache, the browser's included, and its URL out of other sites' logs; return it.

    The browser still sends `Origin` and `Referer` to the shop itself: forms need them (see web/same_origin.py).
    """
    response.headers["Cache-Control"] = PRIVATE
    response.headers["Referrer-Policy"] = "same-origin"
    return response


def private_page(html: str, status: int = 200) -> flask.Response:
    """Return a private response with this page."""
    return mark_private(flask.make_response(html, status))
