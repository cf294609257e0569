"""Error pages in the back office's own layout, so that staff keep its menu; everybody else gets the shop's."""

from __future__ import annotations

from flask import Flask
from werkzeug.wrappers import Response

from storefront.admin.gate import PREFIX
from storefront.admin.pages import current_person, render_page
from storefront.web import error_pages


def init_app(app: Flask) -> None:
    """Render the errors below /admin for staff."""
    error_pages.add_renderer(app, f"{PREFIX}/", _render)


def _render(status: int, sentence: str, _error: Exception) -> Response | None:
    # An internal error may be one of the layout. A customer who is signed in has no role.
    if status >= 500 or not current_person().role:
        return None
    return render_page("error.html", status, title=error_pages.title_of(status), sentence=sentence)
