"""Select the products on a page of the list of all products, at a cost that does not grow with the shop.

A filter reads its narrowest range of an index. A range of up to SORT_LIMIT products is read and sorted. Of a larger
one, rows are read until MATCH_LIMIT match, at most SCAN_LIMIT; if more match, the index of the order is read until
the page is full, and the total is a minimum ("1,000+").
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import CompoundSelect, Select, Subquery, func, literal, select, true

from storefront.catalog.list_index.reader import MATCH_LIMIT, MAX_OFFSET
from storefront.catalog.models import Product
from storefront.catalog.product_list.product_conditions import (
    SCAN_LIMIT,
    Range,
    conditions,
    list_ranges,
    order,
    select_in_category,
)
from storefront.catalog.product_list.product_filter import ProductFilter
from storefront.catalog.product_list.product_matches import find_by_text, has_code
from storefront.extensions import db

PER_PAGE = 50
IDS_AT_ONCE = 10_000
SORT_LIMIT = 8_000
FEW = 200  # matches of a large range that are looked for, or as many as the page needs


@dataclass(frozen=True, slots=True)
class _Page:
    """A page: its number from 1, and its size."""

    number: int
    size: int

    @property
    def start(self) -> int:
        return self.end - self.size

    @property
    def end(self) -> int:
        return self.number * self.size


@dataclass(frozen=True, slots=True)
class ProductSelection:
    """The products on one page.

    Attributes:
        ids: in order.
        total: how many match.
        is_minimum: whether more may match.
        has_more: whether there is a next page.
        meant: what a search that found nothing may have meant, the likeliest first.
    """

    ids: Sequence[int]
    total: int
    is_minimum: bool
    has_more: bool
    meant: Sequence[str] = ()


def select_products(wanted: ProductFilter, page: int, size: int = 0) -> ProductSelection:
    """Return one page of the products that a filter leaves; `size`: products on a page, 0 for PER_PAGE."""
    place = _Page(page, size or PER_PAGE)
    if wanted.text:
        return _select_found(wanted, place)
    if wanted.is_status_only and (wanted.sort == "new" or not wanted.status):
        return _select_plain(wanted, place)
    narrowest, size = _find_narrowest(list_ranges(wanted))
    if size <= SORT_LIMIT:
        scanned = _rows_of(narrowest, SORT_LIMIT, wanted)
        matching = (
            select(scanned.c.id).where(*conditions(wanted, scanned.c)).order_by(*order(wanted, scanned.c))
        )
        ids = db.session.execute(matching.limit(MATCH_LIMIT + 1)).scalars().all()
        return _slice(ids[:MATCH_LIMIT], place, is_minimum=len(ids) > MATCH_LIMIT)
    most = min(max(FEW, place.end), MATCH_LIMIT)
    ids = _read_newest(narrowest, wanted, most)
    is_whole = len(ids) <= most and size <= SCAN_LIMIT
    if is_whole or (wanted.sort == "new" and narrowest.is_ordered):
        end = min(place.end, most)
        return ProductSelection(ids[place.start : end], min(len(ids), most), not is_whole, len(ids) > end)
    return _walk_order(wanted, place, min(len(ids), most))


def list_matching_ids(wanted: ProductFilter, most: int, *, after: int = 0) -> Sequence[int]:
    """Return the ids of all products that a filter leaves, the oldest first, for a bulk edit; `most` at most."""
    query = select(Product.id).where(Product.id > after, *conditions(wanted))
    if wanted.text:
        query = query.where(Product.id.in_(select(find_by_text(wanted.text).ids.subquery().c.id)))
    elif wanted.category:
        query = query.where(Product.id.in_(select_in_category(wanted.category)))
    return db.session.execute(query.order_by(Product.id).limit(most)).scalars().all()


def iterate_matching_ids(wanted: ProductFilter) -> Iterator[int]:
    """Yield the ids of all products that a filter leaves, the oldest first. Memory does not grow with them."""
    last = 0
    while ids := list_matching_ids(wanted, IDS_AT_ONCE, after=last):
        last = ids[-1]
        db.session.rollback()  # the reader of the file may be slow
        yield from ids


def _select_found(wanted: ProductFilter, place: _Page) -> ProductSelection:
    # Without a filter all that is found matches: more than are kept are useless.
    most = SCAN_LIMIT if conditions(wanted) else MATCH_LIMIT + 1
    found = find_by_text(wanted.text, most)
    rows, complete = _match(found.ids, wanted, most)
    if wanted.sort == "relevance" and found.plan is not None:
        ranking = found.plan.ranking(0)
        rows.sort(key=lambda row: (not row.has_code, *ranking.rank(row.title)))
    meant = found.plan.corrections if found.plan and not rows and not found.plan.is_relaxed else ()
    return _slice([row.id for row in rows], place, is_minimum=not complete, meant=meant)


def _match(source: CompoundSelect[Any], wanted: ProductFilter, most: int) -> tuple[list[Any], bool]:
    """Return the matches among the source's ids in order, at most MATCH_LIMIT, and whether these are all."""
    scanned = source.cte("scanned")
    code = has_code(wanted.text) if wanted.sort == "relevance" else literal(0)
    found = (
        select(Product.id, Product.title, Product.price, Product.updated_at, code.label("has_code"))
        .where(Product.id.in_(select(scanned.c.id)), *conditions(wanted))
        .order_by(*([Product.id.desc()] if wanted.sort == "new" else []))
        .limit(MATCH_LIMIT + 1)
        .subquery()
    )
    size = select(func.count().label("size")).select_from(scanned).subquery()
    # The outer join returns the size even without matches: later rows than those that were read may still match.
    query = select(size, found).outerjoin_from(size, found, true()).order_by(*order(wanted, found.c))
    rows = db.session.execute(query).all()
    matches = [row for row in rows if row.id is not None]
    complete = len(matches) <= MATCH_LIMIT and rows[0].size < most
    return list(matches[:MATCH_LIMIT]), complete


def _find_narrowest(ranges: Sequence[Range]) -> tuple[Range, int]:
    """Return the range with the fewest ids and its size, or SCAN_LIMIT + 1 if it is larger."""
    counts = [
        select(func.count()).select_from(each.ids.limit(SCAN_LIMIT + 1).subquery()).scalar_subquery()
        for each in ranges
    ]
    sizes = db.session.execute(select(*counts)).one()
    return min(zip(ranges, sizes, strict=True), key=lambda pair: pair[1])


def _read_newest(source: Range, wanted: ProductFilter, most: int) -> Sequence[int]:
    """Return up to `most` + 1 matches among the first SCAN_LIMIT ids of a range, in order; no more are read."""
    scanned = _rows_of(source, SCAN_LIMIT, wanted)
    query = select(scanned).where(*conditions(wanted, scanned.c))
    if source.is_ordered:
        query = _keep_order(query, scanned.c.id.desc())
    found = query.limit(most + 1).subquery()
    return db.session.execute(select(found.c.id).order_by(*order(wanted, found.c))).scalars().all()


def _rows_of(source: Range, most: int, wanted: ProductFilter) -> Subquery:
    """Return what the conditions and orders need of the first products of a range, in its order.

    The limit keeps both databases from reading them in another way.
    """
    if not source.is_joined:
        return source.ids.with_only_columns(*_columns(wanted)).limit(most).subquery()
    ids = source.ids.limit(most).subquery()
    rows = select(*_columns(wanted)).join_from(ids, Product, Product.id == ids.c.id)
    return _keep_order(rows, ids.c.id.desc()).limit(most).subquery()


def _keep_order(query: Select[Any], *columns: Any) -> Select[Any]:
    """Return the query of ordered rows so that they stay in this order.

    PostgreSQL may join them by hashing. SQLite keeps the order of a limited subquery, and would read all rows before
    it sorts them.
    """
    is_postgresql = db.session.connection().dialect.name == "postgresql"
    return query.order_by(*columns) if is_postgresql else query


def _columns(wanted: ProductFilter) -> list[Any]:
    return [
        *(Product.id, Product.title, Product.status, Product.vendor, Product.product_type, Product.tags),
        *(Product.category_id, Product.cover_id, Product.price, Product.updated_at),
        *(Product.publish_at, Product.withdraw_at),
        *([Product.description_html] if wanted.no_description else []),
    ]


def _select_plain(wanted: ProductFilter, place: _Page) -> ProductSelection:
    """Return a page of a range of one index; pages far from its beginning are empty, since offsets are slow."""
    offset = place.start
    counted = select(Product.id).where(*conditions(wanted)).limit(MATCH_LIMIT + 1).subquery()
    total = db.session.execute(select(func.count()).select_from(counted)).scalar_one()
    if (offset > min(total, MAX_OFFSET) and total <= MATCH_LIMIT) or offset > MAX_OFFSET:
        return ProductSelection((), min(total, MATCH_LIMIT), total > MATCH_LIMIT, has_more=False)
    query = select(Product.id).where(*conditions(wanted)).order_by(*order(wanted))
    ids = db.session.execute(query.offset(offset).limit(place.size + 1)).scalars().all()
    has_more = len(ids) > place.size
    return ProductSelection(ids[: place.size], min(total, MATCH_LIMIT), total > MATCH_LIMIT, has_more)


def _walk_order(wanted: ProductFilter, place: _Page, known: int) -> ProductSelection:
    """Return a page of the matches in order, of which some are `known`, from the order's index.

    It reads rows until the page is full, SCAN_LIMIT at most.
    """
    most = min(place.end, MATCH_LIMIT)
    scanned = select(*_columns(wanted)).order_by(*order(wanted)).limit(SCAN_LIMIT).subquery()
    query = select(scanned.c.id).where(*conditions(wanted, scanned.c))
    query = _keep_order(query, *order(wanted, scanned.c)).limit(most + 1)
    ids = db.session.execute(query).scalars().all()
    total = max(known, min(len(ids), most))
    return ProductSelection(ids[place.start : most], total, is_minimum=True, has_more=len(ids) > most)


def _slice(
    ids: Sequence[int], place: _Page, *, is_minimum: bool, meant: Sequence[str] = ()
) -> ProductSelection:
    page = ids[place.start : place.end]
    return ProductSelection(page, len(ids), is_minimum, len(ids) > place.end, meant)
