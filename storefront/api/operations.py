"""What an operation takes and answers: declared once, kept by this, and told by the OpenAPI document."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import msgspec
from flask import Response, request

from storefront.api import request_body, tokens
from storefront.cache import etags
from storefront.errors import BadInputError
from storefront.web import compression
from storefront.web.private import mark_private

COMMON_ERRORS = (400, 404, 405, 429, 500, 503)


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter in the query or in a header, with its JSON Schema."""

    name: str
    schema: dict[str, Any]
    description: str
    place: str = "query"
    required: bool = False


def check_parameters(parameters: Sequence[Parameter], query: Mapping[str, str]) -> None:
    """Refuse values that are not as declared, as far as what reads them would take them nonetheless.

    Raises:
        BadInputError: an empty number, one that is too large, or none of those that there are.
    """
    for of in parameters:
        value = query.get(of.name)
        if value is None or of.place != "query":
            continue
        if of.schema["type"] in ("integer", "number"):
            if not value.strip():
                raise BadInputError(of.name, f"{of.name} must be a number, or be left out.")
            most = of.schema.get("maximum")
            if most is not None and re.fullmatch(r"[0-9]+(\.[0-9]*)?", value) and Decimal(value) > most:
                raise BadInputError(of.name, f"{of.name} must be {most} at most.")
        if "enum" in of.schema and value not in of.schema["enum"]:
            raise BadInputError(of.name, f"{of.name} must be one of: {', '.join(of.schema['enum'])}.")


@dataclass(frozen=True, slots=True)
class Operation:
    """An operation as the document tells it."""

    summary: str
    answer: Any
    scope: str | None
    body: type[msgspec.Struct] | None
    parameters: Sequence[Parameter]
    errors: Sequence[int]
    status: int


def operation(
    summary: str,
    answer: Any,
    *,
    scope: str | None = None,
    body: type[msgspec.Struct] | None = None,
    parameters: Sequence[Parameter] = (),
    errors: Sequence[int] = (),
    status: int = 200,
) -> Callable[[Callable[..., Any]], Callable[..., Response]]:
    """Declare a view an operation of the API.

    Args:
        summary: what it does, in a line.
        answer: the type of what it answers.
        scope: that a token must have; None if everybody may call it.
        body: the type of its body, which the view gets as `body`.
        parameters: of the query and the headers. What they mean is the view's business.
        errors: statuses besides those that any operation may answer.
        status: of its answer.
    """

    def declare(view: Callable[..., Any]) -> Callable[..., Response]:
        @functools.wraps(view)
        def call(**arguments: Any) -> Response:
            caller = tokens.require_scopes(scope) if scope else tokens.current_caller()
            if body is not None:
                arguments["body"] = request_body.read_body(body)
            answered = view(**arguments)
            if isinstance(answered, Response):
                return answered
            return public_response(answered) if caller is None else private_response(answered)

        call.operation = Operation(summary, answer, scope, body, parameters, errors, status)  # type: ignore[attr-defined]
        return call

    return declare


def public_response(answered: Any) -> Response:
    """Return what everybody is answered: the page cache gives it its headers. Who has a token is not everybody."""
    response = Response(msgspec.json.encode(answered), mimetype="application/json")
    response.vary.add("Authorization")
    return response


def private_response(answered: Any, status: int = 200) -> Response:
    """Return what is for the bearer of a token alone, never to be kept by a cache between us."""
    body = msgspec.json.encode(answered)
    encoding = compression.negotiate(request.accept_encodings) if len(body) >= compression.MIN_BYTES else None
    digest = etags.compute_digest(body)
    response = Response(mimetype="application/json", status=status)
    mark_private(response)
    response.headers["Vary"] = "Accept-Encoding, Authorization"
    held = etags.parse_if_none_match(request.headers.get("If-None-Match", ""), encoding)
    if request.method in ("GET", "HEAD") and digest in held:
        response.headers["ETag"] = held[digest]
        response.status_code = 304
        return response
    if encoding:
        response.headers["Content-Encoding"] = encoding
        body = compression.encode(body, encoding, quality=4)
    response.headers["ETag"] = etags.compute_etag(digest, encoding, body)
    response.set_data(body)
    return response
