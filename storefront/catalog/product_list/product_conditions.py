"""The SQL conditions of the list of all products, and the ranges of indexes that hold its matches."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import msgspec
from sqlalchemy import (
    CompoundSelect,
    Select,
    Text,
    and_,
    cast,
    exists,
    func,
    literal_column,
    or_,
    select,
    union,
)
from sqlalchemy.orm import aliased
from sqlalchemy.sql.elements import ColumnElement

from storefront.catalog.models import Category, FurtherCategory, Product
from storefront.catalog.product_list.product_filter import PLANNED, WITHOUT_CATEGORY, ProductFilter
from storefront.stock import StockItem, is_buyable

# Filters with an index of their own.
INDEXED = ("no_description", "no_picture", "vendor", "product_type", "status")
SCAN_LIMIT = 10_000  # rows of a range, or products that a text finds in one way


@dataclass(frozen=True, slots=True)
class Range:
    """A part of an index.

    Attributes:
        ids: the query of the ids of products.
        serves: the filter whose products these are, exactly; empty if it has others, too, or serves none.
        is_ordered: whether the newest come first without sorting them.
        is_joined: whether these are ids of other rows than those of products.
    """

    ids: Select[Any]
    serves: str = ""
    is_ordered: bool = True
    is_joined: bool = False


def conditions(wanted: ProductFilter, row: Any = Product) -> list[ColumnElement[bool]]:
    """Return the conditions of all filters; the search is a source of ids instead (`product_matches`)."""
    found: list[ColumnElement[bool]] = []
    if wanted.status and wanted.status != PLANNED:
        found.append(row.status == wanted.status)
    for column, value in (
        (row.vendor, wanted.vendor),
        (row.product_type, wanted.product_type),
    ):
        if value:
            found.append(column == value)
    if wanted.stock:
        found.append(has_stock(wanted.stock, row.id))
    if wanted.no_picture:
        found.append(row.cover_id.is_(None))
    if wanted.no_description:
        # A bound parameter would serve no partial index of SQLite.
        found.append(row.description_html == literal_column("''"))
    return [*found, *row_conditions(wanted, row)]


def row_conditions(wanted: ProductFilter, row: Any = Product) -> list[ColumnElement[bool]]:
    """Return those of the conditions for which a product's row is read; `index_probes` has the others."""
    found: list[ColumnElement[bool]] = []
    if wanted.status == PLANNED:
        found.append(_is_planned(row))
    if wanted.category:
        found.append(_is_in_category(wanted.category, row))
    if wanted.tag:
        found.append(has_tag(wanted.tag, row))
    return found


def has_tag(tag: str, row: Any = Product) -> ColumnElement[bool]:
    """Return the condition that a product has exactly this tag; both databases keep tags as a JSON text."""
    return cast(row.tags, Text).contains(msgspec.json.encode(tag).decode(), autoescape=True)


def list_ranges(wanted: ProductFilter) -> list[Range]:
    """Return the ranges that hold all matches: one for each filter that an index serves, else all products."""
    found: list[Range] = []
    newest = Product.id.desc()
    for name in INDEXED:
        if getattr(wanted, name):
            only = replace(ProductFilter(), **{name: getattr(wanted, name)})
            found.append(Range(select(Product.id).where(*conditions(only)).order_by(newest), name))
    if wanted.category:
        found.append(_category_range(wanted.category))
    if wanted.stock in ("low", "out"):
        scarce = StockItem.is_sold_out() if wanted.stock == "out" else StockItem.is_scarce()
        ids = select(StockItem.product_id.label("id")).where(scarce).distinct()
        found.append(Range(ids.order_by(StockItem.product_id.desc()), is_joined=True))
    return found or [Range(select(Product.id).order_by(newest))]


def order(wanted: ProductFilter, row: Any = Product) -> list[Any]:
    """Return the columns of the order; each has an index."""
    columns: list[Any] = []
    match wanted.sort:
        case "updated":
            columns = [row.updated_at.desc()]
        case "title":
            columns = [func.lower(row.title)]
        case "price":
            columns = [row.price]
        case "-price":
            columns = [row.price.desc()]
    return [*columns, row.id.asc() if wanted.sort in ("title", "price") else row.id.desc()]


def _is_planned(row: Any) -> ColumnElement[bool]:
    return or_(row.publish_at.is_not(None), row.withdraw_at.is_not(None))


def _is_in_category(category: str, row: Any) -> ColumnElement[bool]:
    further = exists().where(FurtherCategory.product_id == row.id)
    if category == WITHOUT_CATEGORY:
        return and_(row.category_id.is_(None), ~further)
    inside = _select_branch(category)
    return or_(row.category_id.in_(inside), further.where(FurtherCategory.category_id.in_(inside)))


def select_in_category(category: str) -> Select[Any] | CompoundSelect[Any]:
    """Return the ids of the products of a category and of all below it; each half of the query has an index.

    A product may be there several times: to find that out would cost as much as the whole category.
    """
    if category == WITHOUT_CATEGORY:
        return select(Product.id).where(_is_in_category(category, Product))
    inside = _select_branch(category)
    further = select(FurtherCategory.product_id).where(FurtherCategory.category_id.in_(inside))
    return select(Product.id).where(Product.category_id.in_(inside)).union_all(further)


def _category_range(category: str) -> Range:
    if category == WITHOUT_CATEGORY:
        ids = select(Product.id).where(_is_in_category(category, Product))
        return Range(ids.order_by(Product.id.desc()))
    inside = _select_branch(category)
    main = select(Product.id).where(Product.category_id.in_(inside))
    further = select(FurtherCategory.product_id).where(FurtherCategory.category_id.in_(inside))
    halves = (select(half.limit(SCAN_LIMIT + 1).subquery()) for half in (main, further))
    return Range(select(union(*halves).subquery().c.id), is_ordered=False, is_joined=True)


def _select_branch(category: str) -> Select[int]:
    """Return the query of the ids of a category and of all below it."""
    top = aliased(Category)
    path = select(top.path).where(top.id == int(category)).scalar_subquery()
    is_below = func.substr(Category.path, 1, func.length(path) + 1) == path + "/"
    return select(Category.id).where(or_(Category.id == int(category), is_below))


def has_stock(stock: str, product_id: Any) -> ColumnElement[bool]:
    """Return the condition of the filter of stock on an id; indexes answer it."""
    if stock == "in":
        return is_buyable(product_id)
    item = exists(StockItem.id).where(StockItem.product_id == product_id)
    if stock == "low":
        return item.where(StockItem.is_scarce()) & is_buyable(product_id)
    return item.where(StockItem.is_sold_out()) & ~is_buyable(product_id, by_range=True)
