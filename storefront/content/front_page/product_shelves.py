"""The rows of products of a front page, whatever their number, in two statements."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, String, cast, literal, null, select, union_all

from storefront import cache
from storefront.catalog import cards
from storefront.catalog.collection.models import Collection, CollectionListing
from storefront.catalog.list_index.list_range import category_range, collection_range
from storefront.catalog.models import Category, Listing
from storefront.catalog.page_data import Card
from storefront.catalog.slugs import category_path, collection_path
from storefront.content.front_page.models import ProductSales
from storefront.content.front_page.page_sections import ProductsSection
from storefront.extensions import UtcDateTime, db
from storefront.shop_cache import keys
from storefront.web.prefix import add_prefix

_NO_TEXT, _NEVER = cast(null(), String), cast(null(), UtcDateTime)


@dataclass(frozen=True, slots=True)
class ProductShelf:
    """The products of a section, and the address of all products of its source; empty if there is none."""

    cards: list[Card] = field(default_factory=list)
    url: str = ""


def load_shelves(sections: Sequence[ProductsSection], root_id: int, now: datetime) -> list[ProductShelf]:
    """Return the row of each section; empty if its category or collection is gone, or nothing was sold lately.

    What is not public is in no list, so it is in no row either.
    """
    if not sections:
        return []
    found: dict[int, list[Any]] = defaultdict(list)
    parts = [_select_part(number, section, root_id, now) for number, section in enumerate(sections)]
    # SQLite has no limit inside a bare union.
    for row in db.session.execute(union_all(*(select(part.subquery()) for part in parts))):
        found[row.section].append(row)
    _record_dependencies(sections, found, root_id)
    for rows in found.values():
        rows.sort(key=lambda row: (row.rank, row.product_id), reverse=True)
    wanted = {row.product_id for rows in found.values() for row in rows}
    by_id = {card.id: card for card in cards.load_cards(sorted(wanted))}
    return [
        ProductShelf(
            [by_id[row.product_id] for row in found[number] if row.product_id in by_id],
            _url(section, found[number]),
        )
        for number, section in enumerate(sections)
    ]


def _select_part(number: int, section: ProductsSection, root_id: int, now: datetime) -> Select[Any]:
    place = section.place or 0
    path: ColumnElement[Any] = _NO_TEXT
    end: ColumnElement[Any] = _NEVER
    rank: Any = literal(0)
    if section.source == "collection":
        mine = CollectionListing.collection_id == place
        listed = collection_range(place, now)
        path = (
            select(Collection.slug).where(Collection.id == place, Collection.is_present()).scalar_subquery()
        )
        ending = CollectionListing.until
        end = select(ending).where(mine, ending > now).order_by(ending).limit(1).scalar_subquery()
    elif section.source == "category":
        listed = category_range(place)
        path = select(Category.path).where(Category.id == place).scalar_subquery()
    else:
        listed = category_range(root_id)
    part = select(literal(number).label("section"), listed.row.product_id.label("product_id"))
    part = part.where(*listed.inside)
    order: list[Any] = [listed.row.product_id.desc()]
    if section.source == "best":
        part = part.join(ProductSales, ProductSales.product_id == Listing.product_id)
        rank = ProductSales.sold
        order.insert(0, rank.desc())
    part = part.add_columns(rank.label("rank"), path.label("path"), end.label("end"))
    return part.order_by(*order).limit(section.count)


def _record_dependencies(
    sections: Sequence[ProductsSection], found: dict[int, list[Any]], root_id: int
) -> None:
    for number, section in enumerate(sections):
        cache.depends_on(*_tags(section, found[number], root_id))
        if found[number] and (end := found[number][0].end) is not None:
            cache.valid_until(end)


def _tags(section: ProductsSection, rows: Sequence[Any], root_id: int) -> Iterator[str]:
    if section.source == "collection" and section.place:
        yield keys.collection_tag(section.place)
        yield from (keys.collection_slug_tag(row.path) for row in rows[:1] if row.path)
    elif section.source == "category" and section.place:
        yield keys.category_tag(section.place)
    else:
        yield keys.category_tag(root_id)
    if section.source == "best":
        yield keys.BEST_SELLERS


def _url(section: ProductsSection, rows: Sequence[Any]) -> str:
    path = rows[0].path if rows else None
    if section.source == "collection":
        return add_prefix(collection_path(path)) if path else ""
    if section.source == "category":
        return add_prefix(category_path(path)) if path else ""
    return add_prefix("/products") if section.source == "newest" else ""
