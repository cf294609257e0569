"""Errors of the API, each told as a problem (RFC 9457): what is wrong, where, and how to mend it."""

from __future__ import annotations

from collections.abc import Sequence
from http import HTTPStatus

import msgspec
from flask import Flask, Response

from storefront.api.schemas import Fault, Problem
from storefront.errors import BadInputError, StorefrontError
from storefront.web import error_pages

MEDIA_TYPE = "application/problem+json"
_SENTENCES = {
    404: "There is nothing at this address. /api/v1/docs lists what there is.",
    405: "This address does not know that method; the header Allow names those that it knows.",
    413: "The body is larger than 1 MiB, which is the most that is read.",
    500: "Something broke on our side. It has been written down and will be looked at.",
    503: "The shop cannot answer this now. Try again in a minute.",
}


class ProblemError(StorefrontError):
    """A request is refused.

    Attributes:
        status: as HTTP has it.
        faults: what is wrong where, if it is known so exactly.
        headers: what the answer has besides.
    """

    def __init__(
        self, status: int, detail: str, *faults: Fault, headers: dict[str, str] | None = None
    ) -> None:
        super().__init__(detail)
        self.status, self.faults, self.headers = status, faults, headers or {}


def init_app(app: Flask) -> None:
    """Tell every error under /api as a problem."""
    error_pages.add_renderer(app, "/api/", render_error)


def render_error(status: int, sentence: str, error: Exception) -> Response:
    """Return the answer to a request that went wrong."""
    if not isinstance(error, StorefrontError) or status >= 500:
        sentence = _SENTENCES.get(status, sentence) or HTTPStatus(status).description
    faults: Sequence[Fault] = getattr(error, "faults", ())
    if isinstance(error, BadInputError):
        faults = (Fault(sentence, parameter=error.field),)
    response = build_problem(status, sentence, faults)
    response.headers.update(getattr(error, "headers", {}))
    return response


def build_problem(status: int, sentence: str, faults: Sequence[Fault] = ()) -> Response:
    """Return a problem as a response."""
    problem = Problem(HTTPStatus(status).phrase, status, sentence, errors=list(faults))
    # `type` and all the others, but no list of no errors.
    members = msgspec.to_builtins(problem) | {"type": problem.type}
    response = Response(msgspec.json.encode(members), status, mimetype=MEDIA_TYPE)
    response.vary.add("Authorization")
    return response
