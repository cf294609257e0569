"""The tree of all categories with products, for one page."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from sqlalchemy import func, select

from storefront import cache
from storefront.catalog.category_ranking import rank_key
from storefront.catalog.models import ROOT_PATH, Category
from storefront.catalog.navigation import category_name, counted_link, linked_conditions, load_navigation
from storefront.catalog.page_data import CategoriesPage, CategoryBranch
from storefront.extensions import db
from storefront.shop_cache import keys

MAX_CATEGORIES = 2000  # on the page; of a larger tree it shows as many whole levels as fit


def load_category_tree() -> CategoriesPage:
    """Return the tree of all categories. Two statements; one if the navigation is cached."""
    navigation, root_id = load_navigation(ROOT_PATH)
    cache.depends_on(keys.CATEGORY_TREE, keys.category_tag(root_id))
    rows, total = _read_highest(root_id)
    children: dict[int | None, list[Any]] = defaultdict(list)
    for row in sorted(rows, key=rank_key):
        children[row.parent_id].append(row)

    def branches(parent_id: int) -> list[CategoryBranch]:
        return [CategoryBranch(counted_link(row), branches(row.id)) for row in children[parent_id]]

    return CategoriesPage(navigation, branches(root_id), total, cut=len(rows) < total)


def _read_highest(root_id: int) -> tuple[list[Any], int]:
    """Return the rows of the highest levels, MAX_CATEGORIES at most, and the number of all categories."""
    level = func.length(Category.path) - func.length(func.replace(Category.path, "/", ""))
    columns = (
        *(Category.id, Category.parent_id, category_name(), Category.path),
        *(Category.position, Category.product_count),
        level.label("level"),
        func.count().over().label("total"),
    )
    query = (
        select(*columns)
        .where(*linked_conditions())
        .order_by(level, Category.product_count.desc(), Category.id)
    )
    rows = list(db.session.execute(query.limit(MAX_CATEGORIES)))
    if not rows or len(rows) == rows[0].total:
        return rows, len(rows)
    last = rows[-1].level
    # A part of a level would look like all of it. Only the first level is shown in part.
    return [row for row in rows if row.level < last or row.parent_id == root_id], rows[0].total
