"""/pages/SLUG: the merchant's pages, for everybody."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
from flask import Blueprint, render_template

from storefront import cache
from storefront.content import page_reader
from storefront.content.slots import fill_slots
from storefront.shop_cache import keys

bp = Blueprint("content", __name__, cli_group=None)


def _page_key(arguments: Mapping[str, Any], _query: Mapping[str, str]) -> str:
    """Return the cache key of a page: its slug; no parameter changes it."""
    return str(arguments["slug"])


@bp.get("/pages/<slug>")
@cache.public_page(keys.CONTENT, _page_key)
def page(slug: str) -> str:
    """A page of the merchant."""
    return render_content_page(page_reader.fetch_page(slug))


def render_content_page(found: page_reader.PublicPage) -> str:
    """Return the HTML of a page of the merchant."""
    filled = msgspec.structs.replace(found, body_html=fill_slots(found.body_html))
    return render_template("content/page.html", page=filled)
