"""The page of a collection: its title and texts, and its products, with the sorts and filters of a category."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from math import ceil

from sqlalchemy import func, select

from storefront import cache
from storefront.catalog import cards
from storefront.catalog.collection.models import Collection, CollectionListing
from storefront.catalog.list_index import reader
from storefront.catalog.list_index.list_range import collection_range
from storefront.catalog.list_index.matches import PER_PAGE
from storefront.catalog.list_request import ListRequest
from storefront.catalog.models import ROOT_PATH
from storefront.catalog.moved_addresses import MAX_PATH, find_moved_collection, list_spellings
from storefront.catalog.navigation import MovedError, NotInShopError, load_navigation, load_trail
from storefront.catalog.page_data import CategoryAbout, ListPage
from storefront.catalog.slugs import collection_path
from storefront.extensions import db
from storefront.i18n import gettext as _
from storefront.shop_cache import keys
from storefront.text_translations import translated
from storefront.text_translations.models import COLLECTION
from storefront.web.prefix import add_prefix


@dataclass(frozen=True, slots=True)
class CollectionHead:
    """What every page of a collection needs: how many products it lists now, and whether age ends memberships."""

    id: int
    title: str
    about: CategoryAbout
    products: int
    has_ends: bool


def fetch_collection_page(wanted: ListRequest) -> ListPage:
    """Return a page of a collection from the cache, or load it; a page beyond the end has no entry of its own.

    Raises:
        NotInShopError: the shop has no such collection.
        MovedError: the collection has another address, or the address belongs to something else.
    """

    def fetch(number: int) -> ListPage:
        numbered = replace(wanted, page=number)
        entry = keys.product_list(numbered.url(page=number))
        return cache.fetch(entry, ListPage, lambda: load_collection_page(numbered))

    most = reader.MATCH_LIMIT if wanted.is_filtered else _fetch_head(wanted.collection).products
    if wanted.page > max(1, ceil(most / PER_PAGE)):
        return replace(fetch(1), request=wanted, items=[])
    return fetch(wanted.page)


def load_collection_page(wanted: ListRequest) -> ListPage:
    """Return a page of a collection: at most five statements, whatever the collection and the shop hold.

    Raises:
        NotInShopError, MovedError: as `fetch_collection_page`.
    """
    head = _fetch_head(wanted.collection)
    cache.depends_on(*_list_tags(wanted, head.id))
    if wanted.in_stock:  # what sells out or comes back anywhere may be one of these products
        found, root_id = load_navigation(ROOT_PATH)
        navigation = replace(found, children=[], has_more_children=False)
        cache.depends_on(keys.availability_tag(root_id))
    else:
        navigation = load_trail(ROOT_PATH)
    place = collection_range(head.id, datetime.now(UTC) if head.has_ends else None)
    selection = reader.select_in_range(wanted, place, head.products)
    return ListPage(
        request=wanted,
        navigation=replace(navigation, products=head.products, about=head.about),
        items=cards.load_cards(selection.ids),
        total=selection.total,
        pages=ceil(selection.total / PER_PAGE),
        capped=selection.capped,
        vendors=[],
        in_stock=None,
        collection_title=head.title,
    )


def _fetch_head(slug: str) -> CollectionHead:
    return cache.fetch(keys.collection(slug), CollectionHead, lambda: _load_head(slug))


def _load_head(slug: str) -> CollectionHead:
    """Return the head of a collection. It is valid until the next product becomes too old. One statement."""
    spellings = list_spellings(slug[:MAX_PATH])
    cache.depends_on(*map(keys.collection_slug_tag, spellings))
    now = datetime.now(UTC)
    ending = CollectionListing.until
    mine = CollectionListing.collection_id == Collection.id
    ended = select(func.count()).where(mine, ending <= now).scalar_subquery()
    next_end = select(ending).where(mine, ending > now).order_by(ending).limit(1).scalar_subquery()
    texts = (Collection.description_html, Collection.seo_title, Collection.seo_description)
    query = select(
        *(Collection.id, Collection.slug),
        *(translated(text, COLLECTION, Collection.id, text.key) for text in (Collection.title, *texts)),
        Collection.product_count,
        ended.label("ended"),
        next_end.label("end"),
    ).where(Collection.slug.in_(spellings), Collection.is_present())
    rows = sorted(db.session.execute(query), key=lambda row: spellings.index(row.slug))
    row = rows[0] if rows else None
    if row is not None and row.slug != slug:
        raise MovedError(add_prefix(collection_path(row.slug)))
    if row is None:
        if target := find_moved_collection(slug):
            raise MovedError(add_prefix(target))
        raise NotInShopError(
            _("There is no collection with this address. It may have been renamed or removed.")
        )
    cache.depends_on(keys.collection_tag(row.id))
    if row.end is not None:
        cache.valid_until(row.end)
    about = CategoryAbout(row.description_html, row.seo_title, row.seo_description)
    has_ends = bool(row.ended) or row.end is not None
    return CollectionHead(row.id, row.title, about, row.product_count - row.ended, has_ends)


def _list_tags(wanted: ListRequest, collection_id: int) -> list[str]:
    """Return the cache tags of all changes that can alter the products on this page of a collection."""
    tags = [keys.collection_tag(collection_id)]
    if wanted.min_price is not None or wanted.max_price is not None or wanted.sort in ("price", "-price"):
        tags.append(keys.collection_prices_tag(collection_id))
    return tags
