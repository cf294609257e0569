"""A form of the back office that was sent while the database was away: it comes back with all that was typed."""

from __future__ import annotations

from flask import Flask, make_response, render_template, request
from werkzeug.wrappers import Response

from storefront.web.error_pages import unavailable_page

PREFIX = "/admin/"


def init_app(app: Flask) -> None:
    """Answer forms of the back office with themselves while the database is away."""
    unavailable_page.register(app, offer_again)


def offer_again() -> Response | None:
    """Return the page that offers the current request's form again; None if it is no form of the back office."""
    if request.method != "POST" or not request.path.startswith(PREFIX):
        return None
    fields = list(request.form.items(multi=True))
    files = [file.filename for file in request.files.values() if file.filename]
    page = render_template(
        "admin/unsaved-form.html", path=request.full_path.rstrip("?"), fields=fields, files=files
    )
    return make_response(page, 503)
