"""/previews/pages/TOKEN: a page of the merchant as it is stored now, drafts included, for who has the signed link."""

from __future__ import annotations

from flask import Blueprint, Response, url_for

from storefront import rate_limiting
from storefront.catalog import draft_preview
from storefront.content import page_reader
from storefront.content.views import render_content_page
from storefront.web.private import mark_private

bp = Blueprint("page_preview", __name__, cli_group=None)
bp.after_request(mark_private)  # also the answers to links that are cut or too old

_SALT = "page-preview"


def preview_url(page_id: int) -> str:
    """Return the address of a page's preview; it works for a week."""
    return url_for("page_preview.show", token=draft_preview.sign_preview(_SALT, page_id))


@bp.get("/previews/pages/<token>")
@rate_limiting.limit("browse")
def show(token: str) -> Response:
    """Show the page as it is now, in the language of the address. Nothing of it is cached."""
    page = page_reader.read_preview(int(draft_preview.read_preview(_SALT, token)))
    return draft_preview.as_preview(render_content_page(page))
