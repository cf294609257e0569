"""The sitemap (protocol 0.9 of sitemaps.org): an index, a part with the categories, parts with the products.

A part holds the products of a range of ids. So it costs the same in a shop of any size, and a product that is added,
removed or renamed changes one part only.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from html import escape

from sqlalchemy import select

from storefront import cache
from storefront.app_state import Hook
from storefront.catalog.collection.models import MAX_COLLECTIONS, Collection
from storefront.catalog.list_request import ListRequest
from storefront.catalog.models import ROOT_PATH, Category, Listing, Product
from storefront.catalog.navigation import NotInShopError, shown_conditions
from storefront.catalog.slugs import product_path
from storefront.extensions import db
from storefront.i18n import gettext as _
from storefront.shop_cache import keys
from storefront.shop_settings.language_choice import list_alternates
from storefront.web.prefix import add_prefix
from storefront.web.same_origin import get_origin

further_urls = Hook[[], Sequence[str]]("catalog.sitemap_urls")
"""Returns URLs of pages of rooms above, for the part with the categories; it says on which tags they depend."""

MAX_URLS = 50_000  # per file, by the protocol
_HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n'
_NAMESPACE = "http://www.sitemaps.org/schemas/sitemap/0.9"
_XHTML = "http://www.w3.org/1999/xhtml"


def render_index() -> str:
    """Return the index of all parts that are not empty. One statement, with one index look-up for each part.

    It contains no dates: they would cost a scan of every part, and each change would invalidate the index.
    """
    root_id = db.session.execute(select(Category.id).where(Category.path == ROOT_PATH)).scalar_one()
    cache.depends_on(keys.category_tag(root_id))
    first = (
        select(Listing.product_id).where(Listing.category_id == root_id).order_by(Listing.product_id).limit(1)
    )
    steps = select(first.scalar_subquery().label("product_id")).cte("steps", recursive=True)
    end = (steps.c.product_id // keys.SITEMAP_PART + 1) * keys.SITEMAP_PART
    following = first.where(Listing.product_id >= end).correlate(steps).scalar_subquery()
    steps = steps.union_all(select(following).select_from(steps).where(steps.c.product_id.is_not(None)))
    found = db.session.execute(select(steps.c.product_id).where(steps.c.product_id.is_not(None))).scalars()
    parts = list(map(keys.sitemap_part, found))
    names = ["categories", *map(str, parts[: MAX_URLS - 1])]
    return _render("sitemapindex", "sitemap", ((add_prefix(f"/sitemap-{name}.xml"), None) for name in names))


def render_categories() -> str:
    """Return the part with the front page, fixed lists, other pages, and categories and collections with products."""
    cache.depends_on(keys.CATEGORY_TREE, keys.COLLECTIONS)
    filled = select(Category.path).where(*shown_conditions())
    further = [url for urls in further_urls.fire() for url in urls]
    most = MAX_URLS - 3 - MAX_COLLECTIONS - len(further)
    paths = db.session.execute(filled.order_by(Category.path).limit(most)).scalars()
    shown = (
        select(Collection.slug)
        .where(Collection.is_present(), Collection.product_count > 0)
        .order_by(Collection.slug)
    )
    slugs = db.session.execute(shown.limit(MAX_COLLECTIONS)).scalars()
    fixed = (add_prefix("/"), add_prefix("/categories"), *further)
    lists = [ListRequest(path=path) for path in (ROOT_PATH, *paths)]
    lists += [ListRequest(collection=slug) for slug in slugs]
    addresses = (*fixed, *(each.url() for each in lists))
    return _render("urlset", "url", ((address, None) for address in addresses))


def render_products(part: int) -> str:
    """Return a part with products, counted from 1. One statement, over a range of the primary key.

    Raises:
        NotInShopError: the part has no products; the protocol does not allow empty parts.
    """
    cache.depends_on(keys.sitemap_tag(part))
    end = part * keys.SITEMAP_PART
    shown = select(Product.slug, Product.updated_at).where(
        Product.id.between(end - keys.SITEMAP_PART, end - 1),
        Product.status == "active",
        Product.price.is_not(None),
        ~Product.unlisted,
    )
    rows = db.session.execute(shown.order_by(Product.id)).all()
    if not rows:
        raise NotInShopError(_("There is no part %(part)d of the sitemap.", part=part))
    return _render("urlset", "url", ((add_prefix(product_path(slug)), at) for slug, at in rows))


def _render(root: str, element: str, addresses: Iterable[tuple[str, datetime | None]]) -> str:
    start = get_origin()
    has_languages = element == "url" and bool(list_alternates("/"))
    lines = [
        f"<{element}><loc>{escape(start + address)}</loc>"
        + (f"<lastmod>{changed.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}</lastmod>" if changed else "")
        + (_alternates(start, address) if has_languages else "")
        + f"</{element}>\n"
        for address, changed in addresses
    ]
    namespaces = f'xmlns="{_NAMESPACE}"' + f' xmlns:xhtml="{_XHTML}"' * has_languages
    return f"{_HEAD}<{root} {namespaces}>\n{''.join(lines)}</{root}>\n"


def _alternates(start: str, address: str) -> str:
    return "".join(
        f'<xhtml:link rel="alternate" hreflang="{each.lang}" href="{escape(start + each.url)}"/>'
        for each in list_alternates(address)
    )
