"""/previews/TOKEN: a product as its page will look, drafts included, for everybody who has the signed link."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, current_app, make_response, render_template, url_for
from itsdangerous import BadSignature

from storefront import rate_limiting
from storefront.catalog import queries
from storefront.catalog.navigation import NotInShopError
from storefront.catalog.views import delivery_sentences
from storefront.i18n import gettext as _
from storefront.web.private import mark_private
from storefront.web.signing import create_timed_serializer

bp = Blueprint("draft_preview", __name__, cli_group=None)
bp.after_request(mark_private)  # also the answers to links that are cut or too old

MAX_AGE = 7 * 86_400  # seconds
_SALT = "product-preview"


def preview_url(product_id: int) -> str:
    """Return the address of a product's preview; it works for a week."""
    return url_for("draft_preview.show", token=sign_preview(_SALT, product_id))


@bp.get("/previews/<token>")
@rate_limiting.limit("browse")
def show(token: str) -> Response:
    """Show the product as it is now. Nothing of it is cached, and crawlers do not list it."""
    page = queries.load_preview(int(read_preview(_SALT, token)))
    sentences = [sentence for each in delivery_sentences.fire() for sentence in each]
    body = render_template(
        "catalog/product.html", page=page, selected=page.selected(None), delivery_sentences=sentences
    )
    return as_preview(body)


def sign_preview(salt: str, shown: object) -> str:
    """Return the token of a preview: it says what is shown, and works for a week."""
    return str(create_timed_serializer(current_app, salt).dumps(shown))


def read_preview(salt: str, token: str) -> Any:
    """Return what a token shows.

    Raises:
        NotInShopError: the link is cut or too old.
    """
    try:
        return create_timed_serializer(current_app, salt).loads(token, max_age=MAX_AGE)
    except BadSignature as error:
        raise NotInShopError(_("This preview link no longer works. Ask the shop for a new one.")) from error


def as_preview(body: str) -> Response:
    """Return the page of a preview, which crawlers do not list."""
    response = make_response(body)
    response.headers["X-Robots-Tag"] = "noindex"
    return response
