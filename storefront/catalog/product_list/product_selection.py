"""Select the products on a page of the list of all products, at a cost that does not grow with the shop.

A filter reads its narrowest range of an index. A range of up to SORT_LIMIT products is read and sorted. Of a larger
one, entries are read until FEW match, at most SCAN_LIMIT; if more match, the index of the order is read until the
page is full, and the total is a minimum ("1,000+").
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import CompoundSelect, func, literal, select, true

from storefront.catalog.list_index.reader import MATCH_LIMIT, MAX_OFFSET
from storefront.catalog.models import Product
from storefront.catalog.product_list import product_scan
from storefront.catalog.product_list.product_conditions import (
    INDEXED,
    SCAN_LIMIT,
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
_ALL = 2**31 - 1
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
    if not wanted.is_narrowed or (wanted.sort == "new" and wanted.has_only(*INDEXED)):
        return _select_plain(wanted, place)
    narrowest, size = product_scan.find_narrowest(list_ranges(wanted))
    if size <= SORT_LIMIT:
        ids = product_scan.read_all(narrowest, wanted, SORT_LIMIT, MATCH_LIMIT + 1)
        return _slice(ids[:MATCH_LIMIT], place, is_minimum=len(ids) > MATCH_LIMIT)
    most = min(max(FEW, place.end), MATCH_LIMIT)
    ids = product_scan.read_newest(narrowest, wanted, most + 1)
    is_whole = len(ids) <= most and size <= SCAN_LIMIT
    if is_whole or (wanted.sort == "new" and narrowest.is_ordered):
        end = min(place.end, most)
        return ProductSelection(ids[place.start : end], min(len(ids), most), not is_whole, len(ids) > end)
    return _select_walked(wanted, place, min(len(ids), most))


def list_matching_ids(wanted: ProductFilter, most: int, *, after: int = 0) -> Sequence[int]:
    """Return the ids of all products that a filter leaves, the oldest first, for a bulk edit; `most` at most."""
    query = select(Product.id).where(Product.id > after, *conditions(wanted))
    if wanted.text:
        found = find_by_text(wanted.text, _ALL, status=wanted.status).ids
        query = query.where(Product.id.in_(select(found.subquery().c.id)))
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
    most = product_scan.most_found() if conditions(wanted) else MATCH_LIMIT + 1
    found = find_by_text(wanted.text, most, status=wanted.status)
    rows, complete = _match(found.ids, wanted, most)
    if wanted.sort == "relevance" and found.plan is not None:
        ranking = found.plan.ranking(0)
        rows.sort(key=lambda row: (not row.has_code, *ranking.rank(row.title)))
    meant = found.plan.corrections if found.plan and not rows and not found.plan.is_relaxed else ()
    return _slice([row.id for row in rows], place, is_minimum=not complete, meant=meant)


def _match(source: CompoundSelect[Any], wanted: ProductFilter, most: int) -> tuple[list[Any], bool]:
    """Return the matches among the source's ids in order, at most MATCH_LIMIT, and whether these are all."""
    scanned = source.cte("scanned")
    rows_of = product_scan.find_rows(scanned, wanted)
    code = has_code(wanted.text, rows_of.selected_columns.id) if wanted.sort == "relevance" else literal(0)
    found = rows_of.add_columns(code.label("has_code")).limit(MATCH_LIMIT + 1).subquery()
    size = select(func.count().label("size")).select_from(scanned).subquery()
    # The outer join returns the size even without matches: later rows than those that were read may still match.
    query = select(size, found).outerjoin_from(size, found, true()).order_by(*order(wanted, found.c))
    rows = db.session.execute(query).all()
    matches = [row for row in rows if row.id is not None]
    complete = len(matches) <= MATCH_LIMIT and rows[0].size < most
    return list(matches[:MATCH_LIMIT]), complete


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


def _select_walked(wanted: ProductFilter, place: _Page, known: int) -> ProductSelection:
    """Return a page of the matches in order, of which some are `known`, from the order's index."""
    most = min(place.end, MATCH_LIMIT)
    ids = product_scan.walk_order(wanted, most + 1)
    total = max(known, min(len(ids), most))
    return ProductSelection(ids[place.start : most], total, is_minimum=True, has_more=len(ids) > most)


def _slice(
    ids: Sequence[int], place: _Page, *, is_minimum: bool, meant: Sequence[str] = ()
) -> ProductSelection:
    page = ids[place.start : place.end]
    return ProductSelection(page, len(ids), is_minimum, len(ids) > place.end, meant)
