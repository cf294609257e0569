"""Scans a part of an index for the products that a filter leaves; the number of entries that it reads is bounded.

What indexes answer is asked first; only of products that pass, the row is read.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Select, Subquery, func, select

from storefront.catalog.models import Product
from storefront.catalog.product_list.index_probes import index_probes
from storefront.catalog.product_list.product_conditions import SCAN_LIMIT, Range, order, row_conditions
from storefront.catalog.product_list.product_filter import ProductFilter
from storefront.extensions import db


def find_narrowest(ranges: Sequence[Range]) -> tuple[Range, int]:
    """Return the range with the fewest ids and its size, or SCAN_LIMIT + 1 if it is larger."""
    counts = [
        select(func.count()).select_from(each.ids.limit(SCAN_LIMIT + 1).subquery()).scalar_subquery()
        for each in ranges
    ]
    sizes = db.session.execute(select(*counts)).one()
    return min(zip(ranges, sizes, strict=True), key=lambda pair: pair[1])


def read_all(source: Range, wanted: ProductFilter, size: int, most: int) -> Sequence[int]:
    """Return the first `most` matches, in order, of a range of this size."""
    found = _matches(source, size, wanted)
    return (
        db.session.execute(select(found.c.id).order_by(*order(wanted, found.c)).limit(most)).scalars().all()
    )


def read_newest(source: Range, wanted: ProductFilter, most: int) -> Sequence[int]:
    """Return up to `most` matches among the first SCAN_LIMIT ids of a range, in order; no more are read."""
    scanned = _matches(source, SCAN_LIMIT, wanted)
    query = select(scanned)
    if source.is_ordered:
        query = _keep_order(query, scanned.c.id.desc())
    found = query.limit(most).subquery()
    return db.session.execute(select(found.c.id).order_by(*order(wanted, found.c))).scalars().all()


def walk_order(wanted: ProductFilter, most: int) -> Sequence[int]:
    """Return up to `most` matches, in order, among the first SCAN_LIMIT products of the order's index."""
    ids = select(Product.id).order_by(*order(wanted)).limit(SCAN_LIMIT).subquery()
    query = select(ids.c.id).where(*index_probes(wanted, ids.c.id))
    conditions = row_conditions(wanted)
    if conditions or _is_postgresql():
        query = query.join(Product, Product.id == ids.c.id).where(*conditions)
        query = _keep_order(query, *order(wanted))
    return db.session.execute(query.limit(most)).scalars().all()


def _matches(source: Range, size: int, wanted: ProductFilter) -> Subquery:
    """Return the matches among the first `size` products of a range, in its order, with what orders need of them.

    The limit keeps both databases from reading them in another way.
    """
    ids = source.ids.limit(size).subquery()
    query = select(ids.c.id).where(*index_probes(wanted, ids.c.id, served=source.serves))
    conditions = row_conditions(wanted)
    if conditions or wanted.sort != "new":
        columns = (Product.title, Product.price, Product.updated_at)
        query = query.add_columns(*columns).join(Product, Product.id == ids.c.id).where(*conditions)
    if source.is_ordered:
        query = _keep_order(query, ids.c.id.desc())
    return query.limit(size).subquery()


def _keep_order(query: Select[Any], *columns: Any) -> Select[Any]:
    """Return the query of ordered rows so that they stay in this order.

    PostgreSQL may join them by hashing. SQLite keeps the order of a limited subquery, and would read all rows before
    it sorts them.
    """
    return query.order_by(*columns) if _is_postgresql() else query


def _is_postgresql() -> bool:
    return db.session.connection().dialect.name == "postgresql"
