"""Reads the head of a plain request: with gunicorn's parser in C, or without it by one regular expression.

The expression accepts less than HTTP allows, and nothing else: a GET of HTTP/1.1 with a target and values of
printable ASCII. All other requests go to gunicorn, whose own parser decides.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, NamedTuple

from storefront import platform_features

# gunicorn's parser removes white space around a value, so one that begins or ends with it is left to gunicorn.
_HEADER = rb"[A-Za-z0-9-]+: ?(?:[!-~]+(?: [!-~]+)*)?\r\n"
_HEAD = re.compile(rb"GET (/[!-~]*) HTTP/1\.1\r\n((?:" + _HEADER + rb")*)\r\n", re.DOTALL)


class PlainHead(NamedTuple):
    """The target and the headers of a request, with their names as they were sent."""

    target: bytes
    headers: Sequence[tuple[bytes, bytes]]


def read_plain_head(data: bytes, request: Any) -> PlainHead | None:
    """Return the head if the data is exactly one plain request; None if gunicorn has to look at it.

    Args:
        data: the bytes that were received.
        request: gunicorn's request, which has the limits.
    """
    read = _read_in_c if platform_features.HAS_C_PARSER else _read_in_python
    return read(data, request)


def _read_in_c(data: bytes, request: Any) -> PlainHead | None:
    import gunicorn_h1c

    try:
        head = gunicorn_h1c.parse_request(
            data,
            limit_request_line=request._fast_limit_request_line,
            limit_request_fields=request.limit_request_fields,
            limit_request_field_size=request.limit_request_field_size,
        )
    except (gunicorn_h1c.ParseError, gunicorn_h1c.IncompleteError):
        return None
    if head["consumed"] != len(data) or head["minor_version"] != 1:
        return None
    return PlainHead(head["path"], head["headers"])


def _read_in_python(data: bytes, request: Any) -> PlainHead | None:
    found = _HEAD.fullmatch(data)
    if found is None or found.end(1) + len(" HTTP/1.1") > request._fast_limit_request_line:
        return None
    lines = found[2].split(b"\r\n")[:-1]
    if len(lines) > request.limit_request_fields or any(
        len(line) + 2 > request.limit_request_field_size for line in lines
    ):
        return None
    headers = [(name, value.strip()) for name, _, value in (line.partition(b":") for line in lines)]
    return PlainHead(found[1], headers)
