"""The merchant's own front page, and /previews/front-page/TOKEN: its draft for everybody who has the signed link."""

from __future__ import annotations

from flask import Blueprint, Response, current_app, make_response, render_template, url_for
from itsdangerous import BadSignature

from storefront import rate_limiting
from storefront.catalog.draft_preview import MAX_AGE
from storefront.catalog.navigation import NotInShopError
from storefront.content.front_page.front_page_reader import (
    OwnFrontPage,
    build_preview,
    fetch_front_page,
    read_draft,
)
from storefront.i18n import gettext as _
from storefront.web.common_headers import FRAMED_POLICY
from storefront.web.private import mark_private
from storefront.web.signing import create_timed_serializer

bp = Blueprint("front_page", __name__, cli_group=None)
bp.after_request(mark_private)  # also the answers to links that are cut or too old

_SALT = "front-page-preview"


def render_published() -> str | None:
    """Return the HTML of the published front page; None if the shop shows the one that it has by itself."""
    page = fetch_front_page()
    return _render(page) if page.is_published else None


def preview_url() -> str:
    """Return the address of the draft's preview; it works for a week."""
    token = create_timed_serializer(current_app, _SALT).dumps("draft")
    return url_for("front_page.preview", token=token)


@bp.get("/previews/front-page/<token>")
@rate_limiting.limit("browse")
def preview(token: str) -> Response:
    """Show the draft as it is now. Nothing of it is cached, and crawlers do not list it."""
    try:
        create_timed_serializer(current_app, _SALT).loads(token, max_age=MAX_AGE)
    except BadSignature as error:
        raise NotInShopError(_("This preview link no longer works. Ask the shop for a new one.")) from error
    response = make_response(_render(build_preview(read_draft())))
    response.headers["X-Robots-Tag"] = "noindex"
    response.headers["Content-Security-Policy"] = FRAMED_POLICY
    return response


def _render(page: OwnFrontPage) -> str:
    return render_template("content/front-page.html", page=page)
