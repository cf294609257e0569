"""Pagination of lists: the parameter `page`, and the Link header (RFC 8288)."""

from __future__ import annotations

from urllib.parse import urlencode

from flask import Response, request

from storefront.api.operations import Parameter

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


def add_links(response: Response, page: int, pages: int) -> Response:
    """Add a Link header with the first, previous, next and last page of the current list; return the response."""
    query = [(name, request.args[name]) for name in _KEPT_PARAMETERS if name in request.args]

    def link(name: str, number: int) -> str:
        return f'<{request.path}?{urlencode([*query, ("page", str(number))])}>; rel="{name}"'

    relations = [("first", 1), ("prev", min(page - 1, pages)), ("next", page + 1), ("last", pages)]
    links = [link(name, n) for name, n in relations if 1 <= n <= max(1, pages) and n != page]
    if links:
        response.headers["Link"] = ", ".join(links)
    return response
