"""The number of a list's page in the URL of a private page."""

from __future__ import annotations

from flask import abort, request

from storefront.unicode_text import parse_digits


def read_page_number() -> int:
    """Return the page number of the current URL, from 1; answer 404 if it is not a positive number."""
    number = parse_digits(request.args.get("page", "1"), most_digits=6)
    if not number:
        abort(404)
    return number
