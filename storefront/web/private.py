"""Private responses: pages of one person, or of staff, that no cache may keep."""

from __future__ import annotations

from typing import TypeVar

import flask
from werkzeug.wrappers import Response

AnyResponse = TypeVar("AnyResponse", bound=Response)

PRIVATE = "private, no-store"
"""The Cache-Control header of a private response."""


def mark_private(response: AnyResponse) -> AnyResponse:
    """Forbid every cache, the browser's included, to keep this response; return it."""
    response.headers["Cache-Control"] = PRIVATE
    return response


def private_page(html: str, status: int = 200) -> flask.Response:
    """Return a private response with this page."""
    return mark_private(flask.make_response(html, status))
