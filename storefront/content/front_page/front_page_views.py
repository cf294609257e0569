"""The merchant's own front page, and /previews/front-page/TOKEN: its draft for everybody who has the signed link."""

from __future__ import annotations

from flask import Blueprint, Response, render_template, url_for

from storefront import rate_limiting
from storefront.catalog import draft_preview
from storefront.content.front_page.front_page_reader import (
    OwnFrontPage,
    build_preview,
    fetch_front_page,
)
from storefront.web.common_headers import FRAMED_POLICY
from storefront.web.private import mark_private

bp = Blueprint("front_page", __name__, cli_group=None)
bp.after_request(mark_private)  # also the answers to links that are cut or too old

_SALT = "front-page-preview"


def render_published() -> str | None:
    """Return the HTML of the published front page; None if the shop shows the one that it has by itself."""
    page = fetch_front_page()
    return _render(page) if page.is_published else None


def preview_url() -> str:
    """Return the address of the draft's preview; it works for a week."""
    return url_for("front_page.preview", token=draft_preview.sign_preview(_SALT, "draft"))


@bp.get("/previews/front-page/<token>")
@rate_limiting.limit("browse")
def preview(token: str) -> Response:
    """Show the draft as it is now. Nothing of it is cached, and crawlers do not list it."""
    draft_preview.read_preview(_SALT, token)
    response = draft_preview.as_preview(_render(build_preview()))
    response.headers["Content-Security-Policy"] = FRAMED_POLICY
    return response


def _render(page: OwnFrontPage) -> str:
    return render_template("content/front-page.html", page=page)
