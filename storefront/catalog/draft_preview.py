"""/previews/TOKEN: a product as its page will look, drafts included, for everybody who has the signed link."""

from __future__ import annotations

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
    """Return the absolute address of a product's preview; it works for a week."""
    token = create_timed_serializer(current_app, _SALT).dumps(product_id)
    return url_for("draft_preview.show", token=token, _external=True)


@bp.get("/previews/<token>")
@rate_limiting.limit("browse")
def show(token: str) -> Response:
    """Show the product as it is now. Nothing of it is cached, and crawlers do not list it."""
    try:
        product_id = create_timed_serializer(current_app, _SALT).loads(token, max_age=MAX_AGE)
    except BadSignature as error:
        raise NotInShopError(_("This preview link no longer works. Ask the shop for a new one.")) from error
    page = queries.load_preview(int(product_id))
    sentences = [sentence for each in delivery_sentences.fire() for sentence in each]
    body = render_template(
        "catalog/product.html", page=page, selected=page.selected(None), delivery_sentences=sentences
    )
    response = make_response(body)
    response.headers["X-Robots-Tag"] = "noindex"
    return response
