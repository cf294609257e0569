"""The order of categories that share a parent: as the merchant ordered them, the others by size."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import case, or_, select
from sqlalchemy.orm import Session, aliased

from storefront.catalog.models import ROOT_PATH, Category
from storefront.shop_cache import keys

_RANKED = (Category.id, Category.name, Category.position, Category.product_count, Category.hidden)
TOP_CATEGORIES = 10  # in the menu of every page


def rank_columns(category: Any = Category) -> list[Any]:
    """Return the SQL expressions to order categories by; `category` has the columns: the table, or a subquery.

    A category that the merchant did not order has position 0, and comes after those that have one.
    """
    unordered = case((category.position == 0, 1), else_=0)
    return [unordered, category.position, category.product_count.desc(), category.name, category.id]


def rank_key(row: Any, product_count: int | None = None) -> tuple[Any, ...]:
    """Return the key of the same order for Python; `product_count` replaces the row's own."""
    count = row.product_count if product_count is None else product_count
    return (row.position == 0, row.position, -count, row.name, row.id)


def read_ranked(session: Session, deltas: Mapping[int, int], category_ids: Collection[int]) -> Sequence[Any]:
    """Return the categories that changed counts concern: these, and the largest below the root. One statement.

    Args:
        session: a session whose transaction has changed the counts.
        deltas: by how much the count of each changed category has changed.
        category_ids: further categories to return.
    """
    root, listed = aliased(Category), aliased(Category)
    children = select(listed.id).join(root, root.id == listed.parent_id).where(root.path == ROOT_PATH)
    children = children.where(~listed.hidden)
    # Each changed category can have pushed one that did not change out of the menu.
    largest = children.order_by(*rank_columns(listed)).limit(TOP_CATEGORIES + len(deltas)).subquery()
    columns = (*_RANKED, Category.parent_id, Category.path)
    wanted = or_(Category.id.in_({*deltas, *category_ids}), Category.id.in_(select(largest.c.id)))
    root_id = select(root.id).where(root.path == ROOT_PATH).scalar_subquery().label("root_id")
    return session.execute(select(*columns, root_id).where(wanted).order_by(Category.id)).all()


def changed_tags(rows: Sequence[Any], deltas: Mapping[int, int]) -> set[str]:
    """Return the cache tags of what changed counts alter: the menu, and which categories are shown at all.

    Args:
        rows: from `read_ranked`.
        deltas: by how much the count of each of these categories has changed.
    """
    before = {row.id: row.product_count - deltas.get(row.id, 0) for row in rows}
    # Categories without products are not shown: their addresses lead elsewhere.
    switched = [row for row in rows if (row.product_count > 0) != (before[row.id] > 0)]
    tags = {keys.path_tag(row.path) for row in switched} | ({keys.CATEGORY_TREE} if switched else set())
    top = [row for row in rows if row.parent_id == row.root_id and not row.hidden]
    after = sorted((row for row in top if row.product_count > 0), key=rank_key)
    earlier = sorted(
        (row for row in top if before[row.id] > 0), key=lambda row: rank_key(row, before[row.id])
    )
    is_same = [row.id for row in after[:TOP_CATEGORIES]] == [row.id for row in earlier[:TOP_CATEGORIES]]
    return tags if is_same else {*tags, keys.NAVIGATION}
