"""What the filters of the list of all products offer: categories, vendors and types."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, func, literal, select, union_all
from sqlalchemy.orm import InstrumentedAttribute

from storefront.catalog.models import ROOT_PATH, Category, Product
from storefront.extensions import db

MOST = 200  # vendors and types; more can be typed
MOST_CATEGORIES = 2000


@dataclass(frozen=True, slots=True)
class Choices:
    """The choices: categories as id and indented name, in the order of the tree; vendors and types by alphabet."""

    categories: Sequence[tuple[int, str]]
    vendors: Sequence[str]
    types: Sequence[str]


def list_choices() -> Choices:
    """Return the choices. One statement, whose cost does not grow with the number of products."""
    tree = (
        select(literal("category"), Category.name, Category.id, Category.path)
        .where(Category.path != ROOT_PATH)
        .order_by(Category.path)
        .limit(MOST_CATEGORIES)
    )
    rows = db.session.execute(
        union_all(
            select(tree.subquery()),
            _distinct("vendor", Product.vendor),
            _distinct("type", Product.product_type),
        )
    ).all()
    categories = sorted((row[3], row[2], row[1]) for row in rows if row[0] == "category")
    return Choices(
        [(number, f"{'– ' * path.count('/')}{name}") for path, number, name in categories],
        [row[1] for row in rows if row[0] == "vendor"],
        [row[1] for row in rows if row[0] == "type"],
    )


def _distinct(kind: str, column: InstrumentedAttribute[str]) -> Select[Any]:
    """Return the first MOST texts of a column: one look into its index for each, not a scan of all products."""
    first = select(func.min(column).label("text"), literal(1).label("place")).where(column > "")
    found = first.cte(f"{kind}_texts", recursive=True)
    following = select(func.min(column)).where(column > found.c.text).scalar_subquery()
    more = select(following, found.c.place + 1).where(found.c.text.is_not(None), found.c.place < MOST)
    found = found.union_all(more)
    return select(literal(kind), found.c.text, literal(0), literal("")).where(found.c.text.is_not(None))
