"""Lists of variants with their stock, for the back office: all, searched, sold out, low or not counted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

from sqlalchemy import ColumnElement, Select, select, tuple_, union_all

from storefront.catalog.models import Product, Variant
from storefront.catalog.option_texts import join_values
from storefront.catalog.product_list.product_matches import find_by_words
from storefront.catalog.typed_codes import has_code
from storefront.extensions import db
from storefront.stock import StockItem

Shown = Literal["all", "out", "low", "uncounted"]
SHOWN: tuple[Shown, ...] = get_args(Shown)
PER_PAGE = 25
MOST_FOUND = 500  # variants that a search looks at
_LAST = "\U0010ffff"  # greater than every character of a label
_LEFT = StockItem.on_hand - StockItem.reserved


@dataclass(frozen=True, slots=True)
class VariantStock:
    """A variant with its stock: its code, its SKU as typed, its product's title and status, its option values."""

    item: StockItem
    label: str
    barcode: str
    price: int
    title: str
    status: str
    options: str

    @property
    def name(self) -> str:
        """The product's title and the variant's options."""
        return f"{self.title}, {self.options}" if self.options else self.title


@dataclass(frozen=True, slots=True)
class Position:
    """The last row of a page: how many are left of it, and its id."""

    left: int
    id: int


@dataclass(frozen=True, slots=True)
class StockPage:
    """A page of the list. `next` is where the following page begins; None on the last one."""

    rows: Sequence[VariantStock]
    next: Position | None


def list_stock(text: str = "", shown: Shown = "all", after: Position | None = None) -> StockPage:
    """Return a page of variants: scarce ones with the fewest left first, else in the order in which they were made.

    At most two statements. Their cost grows neither with the shop nor with the number of the page: a page begins
    after a row, not after a count of rows, and a search looks at MOST_FOUND variants.

    Args:
        text: words of the title, or the beginning of an SKU, or a barcode; empty: all.
        shown: which ones.
        after: the last row of the page before.
    """
    query = variant_query().where(*_conditions(shown))
    if text:
        query = query.where(StockItem.variant_id.in_(_found(text)))
    if shown in ("out", "low"):
        query = query.order_by(_LEFT, StockItem.id)
        if after is not None:
            query = query.where(tuple_(_LEFT, StockItem.id) > (after.left, after.id))
    else:
        query = query.order_by(StockItem.id)
        if after is not None:
            query = query.where(StockItem.id > after.id)
    rows = read_variants(query.limit(PER_PAGE + 1))
    last = rows[PER_PAGE - 1].item if len(rows) > PER_PAGE else None
    return StockPage(rows[:PER_PAGE], Position(last.available, last.id) if last else None)


def load_stock(skus: Sequence[str]) -> dict[str, VariantStock]:
    """Return the variants of these codes, by code. One statement."""
    rows = read_variants(variant_query().where(StockItem.sku.in_(skus))) if skus else []
    return {row.item.sku: row for row in rows}


def variant_query() -> Select[Any]:
    """Return the query of stock rows with what names their variants."""
    names: list[Any] = [Variant.label, Variant.barcode, Variant.price, Product.title, Product.status]
    return (
        select(StockItem, *names, Variant.option1, Variant.option2, Variant.option3)
        .join(Variant, Variant.id == StockItem.variant_id)
        .join(Product, Product.id == StockItem.product_id)
    )


def read_variants(query: Select[Any]) -> list[VariantStock]:
    """Return the rows of a query that `variant_query` began."""
    return [
        VariantStock(item, label, barcode, price, title, status, join_values(names))
        for item, label, barcode, price, title, status, *names in db.session.execute(query)
    ]


def _conditions(shown: Shown) -> Sequence[ColumnElement[bool]]:
    if shown == "out":
        return (StockItem.is_scarce(), _LEFT <= 0)
    if shown == "low":
        return (StockItem.is_scarce(), _LEFT > 0)
    return (StockItem.is_uncounted(),) if shown == "uncounted" else ()


def _found(text: str) -> Any:
    """Return the ids of variants that a text finds: by code, by the beginning of the label, by words of the title."""
    parts = [
        select(Variant.id).where(has_code(text)).limit(MOST_FOUND),
        select(Variant.id).where(Variant.label.between(text, text + _LAST)).limit(MOST_FOUND),
    ]
    products = select(find_by_words(text, MOST_FOUND).ids.subquery().c.id)
    parts.append(select(Variant.id).where(Variant.product_id.in_(products)).limit(MOST_FOUND))
    return select(union_all(*(select(part.subquery().c.id) for part in parts)).subquery().c.id)
