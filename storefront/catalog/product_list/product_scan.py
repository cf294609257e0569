"""Scans a part of an index for the products that a filter leaves; the number of entries that it reads is bounded.

What indexes answer is asked first; only of products that pass, the row is read.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import CTE, Select, Subquery, func, select, true
from sqlalchemy.sql.selectable import LateralFromClause

from storefront.catalog.models import Product
from storefront.catalog.product_list.index_probes import index_probes
from storefront.catalog.product_list.product_conditions import (
    SCAN_LIMIT,
    Range,
    conditions,
    order,
    row_conditions,
)
from storefront.catalog.product_list.product_filter import ProductFilter
from storefront.extensions import db

# As SCAN_LIMIT, of what a text finds. PostgreSQL reads the documents of all products among which it looks for them.
_TEXT_LIMITS = {"sqlite": 5000, "postgresql": 1500}
# What orders need of a product's row.
_ORDERED: tuple[Any, ...] = (Product.title, Product.price, Product.updated_at)


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
    keys: dict[str, Any] = {
        "title": func.lower(Product.title),
        "updated": Product.updated_at,
        "new": Product.id,
    }
    key: Any = keys.get(wanted.sort, Product.price).label("key")
    ids = select(Product.id, key).order_by(*order(wanted)).limit(SCAN_LIMIT).subquery()
    query = select(ids.c.id)
    if _is_postgresql():
        columns = ids.c.key, ids.c.id
        in_order = columns if wanted.sort in ("title", "price") else (each.desc() for each in columns)
        query = query.join(_looked_up(wanted, ids.c.id), true()).order_by(*in_order)
    else:
        query = query.where(*index_probes(wanted, ids.c.id))
        if of_row := row_conditions(wanted):
            query = query.join(Product, Product.id == ids.c.id).where(*of_row)
    return db.session.execute(query.limit(most)).scalars().all()


def most_found() -> int:
    """Return how many products a text may find in one way, if a filter follows."""
    return _TEXT_LIMITS[db.session.connection().dialect.name]


def find_rows(ids: CTE, wanted: ProductFilter) -> Select[Any]:
    """Return the query of the matches among ids, of which some may be there twice; by age if that is the order.

    Its columns are the id and what orders need.
    """
    if _is_postgresql():
        newest = select(ids.c.id).distinct().order_by(ids.c.id.desc()).subquery()
        row = _looked_up(wanted, newest.c.id)
        return select(*row.c).select_from(newest).join(row, true()).order_by(newest.c.id.desc())
    passing = select(ids.c.id).where(*index_probes(wanted, ids.c.id))
    query = select(Product.id, *_ORDERED).where(Product.id.in_(passing), *row_conditions(wanted))
    return query.order_by(*([Product.id.desc()] if wanted.sort == "new" else []))


def _looked_up(wanted: ProductFilter, product_id: Any) -> LateralFromClause:
    """Return a product's row, if it matches, for PostgreSQL.

    The offset makes it look up one row after the other, in order, until there are enough. It would rather join: for
    that it reads all matches of a filter, or the table.
    """
    query = select(Product.id, *_ORDERED).where(Product.id == product_id, *conditions(wanted))
    return query.offset(0).lateral()


def _matches(source: Range, size: int, wanted: ProductFilter) -> Subquery:
    """Return the matches among the first `size` products of a range, in its order, with what orders need of them.

    The limit keeps both databases from reading them in another way.
    """
    ids = source.ids.limit(size).subquery()
    query = select(ids.c.id).where(*index_probes(wanted, ids.c.id, served=source.serves))
    of_row = row_conditions(wanted)
    if of_row or wanted.sort != "new":
        query = query.add_columns(*_ORDERED).join(Product, Product.id == ids.c.id).where(*of_row)
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
