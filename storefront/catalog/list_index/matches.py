"""Products that match filters or a search, and the statement that reads them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import FromClause, Select, case, func, select
from sqlalchemy.sql.elements import ColumnElement

from storefront.catalog import search
from storefront.catalog.list_index.conditions import other_conditions
from storefront.catalog.list_request import ListRequest, Sort
from storefront.catalog.models import Category, Product
from storefront.stock import is_buyable

PER_PAGE = 24

AnySelect = Select[*tuple[Any, ...]]


@dataclass(frozen=True, slots=True)
class Candidate:
    """A matching product, with the columns that sorting and counting need."""

    product_id: int
    price: int
    name_key: str
    vendor: str
    title: str
    category_path: str
    buyable: bool
    stage: int = 0  # of the search that found it


@dataclass(frozen=True, slots=True)
class Selection:
    """The products of one page, in order.

    Attributes:
        ids: the products on the page.
        total: how many products match; a minimum if `capped`.
        capped: there are more matches than were counted.
        matches: all matches, if they were counted exactly.
        plan: of a search: what was looked for.
        shown_for: of a search: the corrected queries that found some of the products.
        found_as_typed: of a search: whether a product was found without a correction.
        buyable: of a list that is neither filtered nor searched: how many products can be bought, if that was asked.
    """

    ids: list[int]
    total: int
    capped: bool
    matches: list[Candidate] | None = None
    plan: search.Plan | None = None
    shown_for: tuple[str, ...] = ()
    found_as_typed: bool = True
    buyable: int | None = None


def match_statement(
    wanted: ListRequest, row: Any, conditions: Sequence[ColumnElement[bool]], source: FromClause
) -> AnySelect:
    """Return the statement for matches among listing rows.

    Args:
        wanted: the filters.
        row: the columns of the listing rows: the table's, or a subquery's.
        conditions: further conditions on these rows.
        source: a part of the table, or the table joined to product ids.
    """
    return (
        select(
            row.product_id.label("product_id"),
            row.price.label("price"),
            row.name_key.label("name_key"),
            row.vendor.label("vendor"),
            Product.title,
            func.coalesce(Category.path, "").label("path"),
            case((is_buyable(row.product_id), 1), else_=0).label("buyable"),
        )
        .select_from(source)
        .join(Product, Product.id == row.product_id)
        .outerjoin(Category, Category.id == Product.category_id)
        .where(*conditions, *other_conditions(wanted, row))
    )


def sort_matches(found: list[Candidate], sort: Sort) -> list[Candidate]:
    """Return the matches in an order other than relevance: the same as that order's index gives."""

    def key(c: Candidate) -> tuple[Any, ...]:
        return {"name": (c.name_key, c.product_id), "new": (c.product_id,)}.get(sort, (c.price, c.product_id))

    return sorted(found, key=key, reverse=sort in ("new", "-price"))


def slice_page(ids: list[int], page: int) -> list[int]:
    """Return the ids on one page of a list."""
    return ids[(page - 1) * PER_PAGE : page * PER_PAGE]
