"""A form of the back office that was sent while the database was away: it comes back with all that was typed."""

from __future__ import annotations

from flask import Flask, make_response, render_template, request
from werkzeug.wrappers import Response

from storefront.admin.gate import is_office
from storefront.admin.sent_form import read_sent_form
from storefront.web.error_pages import unavailable_page


def init_app(app: Flask) -> None:
    """Answer forms of the back office with themselves while the database is away."""
    unavailable_page.register(app, offer_again)


def offer_again() -> Response | None:
    """Return the page that offers the current request's form again; None if it is no form of the back office."""
    if request.method != "POST" or not is_office():
        return None
    return make_response(render_template("admin/unsaved-form.html", sent=read_sent_form()), 503)
