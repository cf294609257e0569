"""Which products have a category as a further one, whatever their status: the reverse of the column on their rows."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

from sqlalchemy import CompoundSelect, ScalarSelect, String, cast, delete, func, insert, select
from sqlalchemy.orm import Session

from storefront.catalog.models import Category, FurtherCategory, Product
from storefront.extensions import connection_of

# Separators (US, RS), which no path and no name contains: names are stored without control characters.
_FIELD, _RECORD = "\x1f", "\x1e"


class NamedCategory(NamedTuple):
    """A category with what pages and lists need of it."""

    id: int
    path: str
    name: str


def read_categories(session: Session, ids: Sequence[int]) -> tuple[NamedCategory, ...]:
    """Return the categories with these ids, in this order. One statement; none without ids.

    An id that no category has is left out: a release that did not know of further categories deletes one without
    looking for them.
    """
    if not ids:
        return ()
    columns = (Category.id, Category.path, Category.name)
    found = {row.id: row for row in session.execute(select(*columns).where(Category.id.in_(ids)))}
    return tuple(NamedCategory(*found[key]) for key in ids if key in found)


def select_members(category_ids: Collection[int], *, most: int | None = None) -> CompoundSelect[int]:
    """Return the query of the ids of all products of these categories, each once: as main or as further one.

    With `most` it reads so many rows of each kind at most, and finds up to twice as many products.
    """
    main = select(Product.id).where(Product.category_id.in_(category_ids))
    further = select(FurtherCategory.product_id).where(FurtherCategory.category_id.in_(category_ids))
    if most is None:
        return main.union(further)
    # SQLite needs the outer select around a limit in a union.
    return select(main.limit(most).subquery().c.id).union(select(further.limit(most).subquery().c.product_id))


def described() -> ScalarSelect[str | None]:
    """Return the expression of a product's further categories, as `parse_described` reads it.

    It is a column of the statement that reads a product, which so needs no further one.
    """
    parts = (cast(Category.id, String), Category.path, Category.name)
    one = parts[0] + _FIELD + parts[1] + _FIELD + parts[2]
    return (
        select(func.aggregate_strings(one, _RECORD))
        .join_from(FurtherCategory, Category, Category.id == FurtherCategory.category_id)
        .where(FurtherCategory.product_id == Product.id)
        .correlate(Product)
        .scalar_subquery()
    )


def parse_described(text: str | None, ids: Sequence[int]) -> tuple[NamedCategory, ...]:
    """Return the categories of a column `described`, in the order of these ids."""
    fields = (record.split(_FIELD) for record in text.split(_RECORD)) if text else ()
    found = {int(key): NamedCategory(int(key), path, name) for key, path, name in fields}
    return tuple(found[key] for key in ids if key in found)


def stored_ids() -> ScalarSelect[str | None]:
    """Return the expression of a product's rows here: ids of categories with commas, NULL without any."""
    listed = func.aggregate_strings(cast(FurtherCategory.category_id, String), ",")
    return select(listed).where(FurtherCategory.product_id == Product.id).correlate(Product).scalar_subquery()


def write(session: Session, wanted: Mapping[int, Collection[int]]) -> None:
    """Set the rows of products: the ids of their further categories, all of which exist. Two statements."""
    if not wanted:
        return
    connection = connection_of(session)
    connection.execute(delete(FurtherCategory).where(FurtherCategory.product_id.in_(wanted)))
    rows = [
        {"category_id": category_id, "product_id": product_id}
        for product_id, category_ids in wanted.items()
        for category_id in set(category_ids)
    ]
    if rows:
        connection.execute(insert(FurtherCategory), rows)
