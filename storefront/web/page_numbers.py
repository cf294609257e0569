"""The number of a list's page in the URL of a private page."""

from __future__ import annotations

from flask import abort, request


def read_page_number() -> int:
    """Return the page number of the current URL, from 1; answer 404 if it is not a positive number."""
    text = request.args.get("page", "1")
    if not (text.isascii() and text.isdigit() and len(text) <= 6) or not int(text):
        abort(404)
    return int(text)
