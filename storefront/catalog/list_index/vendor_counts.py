"""How many products of a list each vendor has: the counts beside the choice of brands."""

from __future__ import annotations

from dataclasses import replace

from sqlalchemy import CTE, Integer, Select, Subquery, and_, bindparam, func, select

from storefront.catalog import search
from storefront.catalog.list_index.conditions import SCAN_LIMIT, other_conditions, price_range
from storefront.catalog.list_index.search_reader import scan_found
from storefront.catalog.list_request import ListRequest
from storefront.catalog.models import Listing, ListingVendor
from storefront.extensions import db
from storefront.joint_queries import read_rows
from storefront.text_translations import built_once

MAX_VENDORS = 500  # that a page lists; of more, those with the most products


def count_by_vendor(
    wanted: ListRequest, category_id: int, plan: search.Plan | None
) -> list[tuple[str, int | None]]:
    """Return a category's vendors with their numbers of products, for a choice of several. One statement.

    The numbers are what all filters except the vendors leave; None if that is more than SCAN_LIMIT rows to read.
    Vendors with nothing left are not returned. If MAX_VENDORS + 1 are returned, there are more.

    Args:
        wanted: the filters.
        category_id: the category.
        plan: what a search looks for; None without one.
    """
    others = replace(wanted, vendors=())
    if not others.is_filtered:
        rows = read_rows(_select_largest(), {"category": category_id})
        return [(row.vendor, row.products) for row in rows]
    scanned = _scan(others, category_id, plan)
    if scanned is None:
        return []
    counted = _count_scanned(others, category_id, scanned)
    size = select(func.count()).select_from(scanned).scalar_subquery()
    query = _select_stored().add_columns(counted.c.number, size.label("size"))
    query = query.outerjoin(counted, counted.c.vendor == ListingVendor.vendor)
    query = query.where((size > SCAN_LIMIT) | counted.c.number.is_not(None))
    found = db.session.execute(query, {"category": category_id})
    rows = list(found.fetchmany(MAX_VENDORS + 1))
    found.close()
    return [(row.vendor, None if row.size > SCAN_LIMIT else row.number) for row in rows]


@built_once
def _select_largest() -> Select[str, int]:
    return _select_stored().limit(MAX_VENDORS + 1)


@built_once
def _select_stored() -> Select[str, int]:
    stored, category_id = ListingVendor, bindparam("category", type_=Integer)
    return (
        select(stored.vendor, stored.products)
        .where(stored.category_id == category_id, stored.products > 0, stored.vendor != "")
        .order_by(stored.products.desc(), stored.vendor)
    )


def _scan(wanted: ListRequest, category_id: int, plan: search.Plan | None) -> CTE | None:
    """Return the rows of the list's narrowest source, SCAN_LIMIT + 1 at most; None if nothing can match."""
    if not wanted.q:
        listed = select(Listing.product_id, Listing.price, Listing.vendor)
        ranged = listed.where(Listing.category_id == category_id, *price_range(wanted))
        return ranged.order_by(Listing.price).limit(SCAN_LIMIT + 1).cte("scanned")
    return None if plan is None else scan_found(plan)


def _count_scanned(wanted: ListRequest, category_id: int, scanned: CTE) -> Subquery:
    """Return the number of matches among the scanned rows for each vendor."""
    if not wanted.q:
        query = select(scanned.c.vendor, func.count().label("number"))
        query = query.where(*other_conditions(wanted, scanned.c))
        return query.group_by(scanned.c.vendor).subquery()
    same = and_(Listing.product_id == scanned.c.product_id, Listing.category_id == category_id)
    matches = select(Listing.vendor, func.count().label("number")).join(scanned, same)
    conditions = (*price_range(wanted), *other_conditions(wanted, Listing))
    return matches.where(*conditions).group_by(Listing.vendor).subquery()
