"""Errors of the API as problem documents (RFC 9457): what is wrong, where, and how to correct it."""

from __future__ import annotations

from collections.abc import Sequence
from http import HTTPStatus

import msgspec
from flask import Flask, Response

from storefront.api.schemas import Fault, Problem
from storefront.errors import BadInputError, StorefrontError
from storefront.web import error_pages
from storefront.web.prefix import add_prefix

MEDIA_TYPE = "application/problem+json"
# The most faults in one answer; its detail says how many more there are.
MAX_FAULTS = 50
_SENTENCES = {
    404: "There is nothing at this address. {docs} lists all operations.",
    405: "This address does not allow this method; the header Allow names the allowed ones.",
    500: "An error occurred in the shop. It has been logged.",
    503: "The shop cannot answer this request now. Try again in a minute.",
}


class ProblemError(StorefrontError):
    """A request is rejected with a problem document.

    Attributes:
        status: the HTTP status.
        faults: the first parts of the request that are wrong, MAX_FAULTS at most, if they are known.
        headers: further headers of the response.
    """

    def __init__(
        self,
        status: int,
        detail: str,
        *faults: Fault,
        unlisted: int = 0,
        headers: dict[str, str] | None = None,
    ) -> None:
        """Create the error; `unlisted` counts the faults that the caller has found and does not name."""
        listed, unlisted = faults[:MAX_FAULTS], unlisted + len(faults[MAX_FAULTS:])
        if unlisted:
            detail += f" The first {len(listed)} faults are listed; there are {unlisted:,} more."
        super().__init__(detail)
        self.status, self.faults, self.headers = status, listed, headers or {}


def init_app(app: Flask) -> None:
    """Render every error under /api/ as a problem document."""
    error_pages.add_renderer(app, "/api/", render_error)


def render_error(status: int, sentence: str, error: Exception) -> Response:
    """Return the response to a request that failed with this error."""
    if not isinstance(error, StorefrontError) or status >= 500:
        sentence = _SENTENCES.get(status, sentence) or HTTPStatus(status).description
        sentence = sentence.replace("{docs}", add_prefix("/api/v1/docs"))
    faults: Sequence[Fault] = getattr(error, "faults", ())
    if isinstance(error, BadInputError):
        faults = (Fault(sentence, parameter=error.field),)
    response = build_problem(status, sentence, faults)
    response.headers.update(getattr(error, "headers", {}))
    return response


def build_problem(status: int, sentence: str, faults: Sequence[Fault] = ()) -> Response:
    """Return a response with a problem document."""
    problem = Problem(HTTPStatus(status).phrase, status, sentence, errors=list(faults))
    # msgspec omits defaults: that is right for an empty list of errors, but `type` must be there.
    members = msgspec.to_builtins(problem) | {"type": problem.type}
    response = Response(msgspec.json.encode(members), status, mimetype=MEDIA_TYPE)
    response.vary.add("Authorization")
    return response
