"""Select the products on a page of the list of all products, at a cost that does not grow with the shop.

As in the shop's lists: a filter reads its narrowest range of an index, at most SCAN_LIMIT rows, and keeps at most
MATCH_LIMIT. If there are more, the index of the order is read instead, and the total is a minimum ("1,000+").
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, literal, select, true

from storefront.catalog.list_index.conditions import SCAN_LIMIT
from storefront.catalog.list_index.reader import MATCH_LIMIT, MAX_OFFSET
from storefront.catalog.models import Product
from storefront.catalog.product_list.product_conditions import (
    AnyQuery,
    conditions,
    narrowest_range,
    order,
    select_in_category,
)
from storefront.catalog.product_list.product_filter import ProductFilter
from storefront.catalog.product_list.product_matches import find_by_text, has_code
from storefront.extensions import db

PER_PAGE = 50


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


def select_products(wanted: ProductFilter, page: int) -> ProductSelection:
    """Return one page of the products that a filter leaves."""
    if wanted.text:
        return _select_found(wanted, page)
    if wanted.is_status_only and (wanted.sort == "new" or not wanted.status):
        return _select_plain(wanted, page)
    source = narrowest_range(wanted)
    if source is not None:
        rows, complete = _match(source, wanted)
        # A range is in the order of ids, but for that of categories: its matches are the newest ones.
        if complete or (wanted.sort == "new" and not wanted.category):
            return _slice([row.id for row in rows], page, is_minimum=not complete)
        return _walk_order(wanted, page, is_minimum=True)
    return _walk_order(wanted, page)


def list_matching_ids(wanted: ProductFilter, most: int) -> Sequence[int]:
    """Return the ids of all products that a filter leaves, the oldest first, for a bulk edit; `most` at most."""
    query = select(Product.id).where(*conditions(wanted))
    if wanted.text:
        query = query.where(Product.id.in_(select(find_by_text(wanted.text).ids.subquery().c.id)))
    elif wanted.category:
        query = query.where(Product.id.in_(select_in_category(wanted.category)))
    return db.session.execute(query.order_by(Product.id).limit(most)).scalars().all()


def _select_found(wanted: ProductFilter, page: int) -> ProductSelection:
    found = find_by_text(wanted.text)
    rows, complete = _match(found.ids, wanted)
    if wanted.sort == "relevance" and found.plan is not None:
        ranking = found.plan.ranking(0)
        rows.sort(key=lambda row: (not row.has_code, *ranking.rank(row.title)))
    meant = found.plan.corrections if found.plan and not rows and not found.plan.is_relaxed else ()
    return _slice([row.id for row in rows], page, is_minimum=not complete, meant=meant)


def _match(source: AnyQuery, wanted: ProductFilter) -> tuple[list[Any], bool]:
    """Return the matches among the source's ids in order, at most MATCH_LIMIT, and whether these are all."""
    # Without a further filter every row of the range matches: reading more than are kept is useless.
    is_alone = len(conditions(wanted)) == 1 and not wanted.text and wanted.stock not in ("low", "out")
    scanned = source.limit(MATCH_LIMIT + 1 if is_alone else SCAN_LIMIT + 1).cte("scanned")
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
    complete = len(matches) <= MATCH_LIMIT and rows[0].size <= SCAN_LIMIT
    return list(matches[:MATCH_LIMIT]), complete


def _select_plain(wanted: ProductFilter, page: int) -> ProductSelection:
    """Return a page of a range of one index; pages far from its beginning are empty, since offsets are slow."""
    offset = (page - 1) * PER_PAGE
    counted = select(Product.id).where(*conditions(wanted)).limit(MATCH_LIMIT + 1).subquery()
    total = db.session.execute(select(func.count()).select_from(counted)).scalar_one()
    if (offset > min(total, MAX_OFFSET) and total <= MATCH_LIMIT) or offset > MAX_OFFSET:
        return ProductSelection((), min(total, MATCH_LIMIT), total > MATCH_LIMIT, has_more=False)
    query = select(Product.id).where(*conditions(wanted)).order_by(*order(wanted))
    ids = db.session.execute(query.offset(offset).limit(PER_PAGE + 1)).scalars().all()
    has_more = len(ids) > PER_PAGE
    return ProductSelection(ids[:PER_PAGE], min(total, MATCH_LIMIT), total > MATCH_LIMIT, has_more)


def _walk_order(wanted: ProductFilter, page: int, *, is_minimum: bool = False) -> ProductSelection:
    """Return a page of the first matches in order, from the first SCAN_LIMIT rows of the order's index."""
    columns = [
        *(Product.id, Product.title, Product.status, Product.vendor, Product.product_type, Product.tags),
        *(Product.category_id, Product.cover_id, Product.price, Product.updated_at),
        *([Product.description_html] if wanted.no_description else []),
    ]
    scanned = select(*columns).order_by(*order(wanted)).limit(SCAN_LIMIT).subquery()
    query = select(scanned.c.id).where(*conditions(wanted, scanned.c)).order_by(*order(wanted, scanned.c))
    ids = db.session.execute(query.limit(MATCH_LIMIT + 1)).scalars().all()
    is_minimum = is_minimum or len(ids) > MATCH_LIMIT or _is_large()
    return _slice(ids[:MATCH_LIMIT], page, is_minimum=is_minimum)


def _is_large() -> bool:
    """Return whether the shop has more than SCAN_LIMIT products."""
    beyond = select(Product.id).order_by(Product.id).offset(SCAN_LIMIT).limit(1)
    return db.session.execute(beyond).first() is not None


def _slice(ids: Sequence[int], page: int, *, is_minimum: bool, meant: Sequence[str] = ()) -> ProductSelection:
    start, end = (page - 1) * PER_PAGE, page * PER_PAGE
    return ProductSelection(ids[start:end], len(ids), is_minimum, len(ids) > end, meant)
