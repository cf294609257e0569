"""Declarations of the API's operations, enforced here and described in the OpenAPI document; pages of lists."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from urllib.parse import quote, urlencode

import msgspec
from flask import Response, request

from storefront.api import request_body, tokens
from storefront.cache import etags
from storefront.errors import BadInputError
from storefront.web import compression
from storefront.web.prefix import add_prefix
from storefront.web.private import mark_private

COMMON_ERRORS = (400, 404, 405, 429, 500, 503)


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter in the query or in a header (`place`), with its JSON Schema.

    The values of an array are separated by commas, or each in a parameter of its own (`repeated`).
    """

    name: str
    schema: dict[str, Any]
    description: str
    place: str = "query"
    required: bool = False
    repeated: bool = False


PAGE = Parameter("page", {"type": "integer", "minimum": 1}, "The number of the page, from 1.")
_KEPT_PARAMETERS = (
    "q",
    "category",
    "vendor",
    "min_price",
    "max_price",
    "in_stock",
    "sort",
    "fields",
    "state",
)


def check_parameters(parameters: Sequence[Parameter], query: Mapping[str, str]) -> None:
    """Check query parameters against their schemas, because the code that parses them accepts more.

    Raises:
        BadInputError: a number is empty or too large, a text too long or not one of its enum or pattern.
    """
    for parameter in parameters:
        value = query.get(parameter.name)
        if value is None or parameter.place != "query":
            continue
        if parameter.schema["type"] in ("integer", "number"):
            if not value.strip():
                raise BadInputError(parameter.name, f"{parameter.name} must be a number, or be left out.")
            most = parameter.schema.get("maximum")
            if most is not None and re.fullmatch(r"[0-9]+(\.[0-9]*)?", value) and Decimal(value) > most:
                raise BadInputError(parameter.name, f"{parameter.name} must be {most} at most.")
        if len(value) > parameter.schema.get("maxLength", len(value)):
            raise BadInputError(
                parameter.name,
                f"{parameter.name} can have {parameter.schema['maxLength']} characters.",
            )
        if not re.search(parameter.schema.get("pattern", ""), value):
            raise BadInputError(parameter.name, f"{parameter.name} contains characters that cannot be used.")
        if "enum" in parameter.schema and value not in parameter.schema["enum"]:
            raise BadInputError(
                parameter.name, f"{parameter.name} must be one of: {', '.join(parameter.schema['enum'])}."
            )


@dataclass(frozen=True, slots=True)
class Operation:
    """The declaration of an operation, as the OpenAPI document describes it."""

    summary: str
    response: Any
    scope: str | None
    body: type[msgspec.Struct] | None
    files: Sequence[str]
    parameters: Sequence[Parameter]
    errors: Sequence[int]
    status: int


def operation(
    summary: str,
    response: Any,
    *,
    scope: str | None = None,
    body: type[msgspec.Struct] | None = None,
    files: Sequence[str] = (),
    parameters: Sequence[Parameter] = (),
    errors: Sequence[int] = (),
    status: int = 200,
) -> Callable[[Callable[..., Any]], Callable[..., Response]]:
    """Declare a view as an operation of the API. What the view returns becomes a JSON response.

    Args:
        summary: what the operation does, in one line.
        response: the type of the response's body; None for a response without one.
        scope: the scope that the token needs; None if no token is needed.
        body: the type of the request's body; the view gets it as the argument `body`.
        files: the content types of a body that is a file; the view reads it itself.
        parameters: the parameters in the query and in headers; the view reads them itself.
        errors: the error statuses in addition to `COMMON_ERRORS`.
        status: the status of the response.
    """

    def declare(view: Callable[..., Any]) -> Callable[..., Response]:
        @functools.wraps(view)
        def call(**arguments: Any) -> Response:
            caller = tokens.require_scopes(scope) if scope else tokens.current_caller()
            if body is not None:
                arguments["body"] = request_body.read_body(body)
            result = view(**arguments)
            if isinstance(result, Response):
                return result
            return public_response(result) if caller is None else private_response(result, status)

        call.operation = Operation(summary, response, scope, body, files, parameters, errors, status)  # type: ignore[attr-defined]
        return call

    return declare


def public_response(result: Any) -> Response:
    """Return a JSON response for callers without a token. The page cache adds its headers.

    It varies by Authorization: callers with a token get private responses.
    """
    response = Response(msgspec.json.encode(result), mimetype="application/json")
    response.vary.add("Authorization")
    return response


def created_response(result: msgspec.Raw | msgspec.Struct, member: str = "id") -> Response:
    """Return the response (201) to a POST that created what `result` describes.

    The header Location has its address: this request's own, and the `member` of the result that names it.
    """
    response = private_response(result, 201)
    key = str(msgspec.json.decode(msgspec.json.encode(result))[member])
    response.headers["Location"] = f"{add_prefix(request.path)}/{quote(key)}"
    return response


def private_response(result: Any, status: int = 200) -> Response:
    """Return a JSON response for one token: no cache may keep it. Handles compression and If-None-Match.

    With status 204 it has no body.
    """
    if status == 204:
        empty = Response(status=status)
        del empty.headers["Content-Type"]
        mark_private(empty)
        return empty
    body = msgspec.json.encode(result)
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


def add_page_links(response: Response, page: int, pages: int) -> Response:
    """Add a Link header (RFC 8288) with the first, previous, next and last page of the list; return the response."""
    query = [(name, value) for name in _KEPT_PARAMETERS for value in request.args.getlist(name)]

    def link(name: str, number: int) -> str:
        return f'<{add_prefix(request.path)}?{urlencode([*query, ("page", str(number))])}>; rel="{name}"'

    relations = [("first", 1), ("prev", min(page - 1, pages)), ("next", page + 1), ("last", pages)]
    links = [link(name, n) for name, n in relations if 1 <= n <= max(1, pages) and n != page]
    if links:
        response.headers["Link"] = ", ".join(links)
    return response
