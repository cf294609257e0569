"""Reads of stock for pages and lists."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import BindParameter, Row, Select, SelectBase, exists, select
from sqlalchemy.sql.elements import ColumnElement

from storefront.extensions import db
from storefront.stock.models import StockItem
from storefront.stock.public import StockLevel

SOLD_OUT = StockLevel(available=0, low_threshold=0)


@dataclass(frozen=True, slots=True)
class StockLevels:
    """Stock levels of some products, by variant id and by product id."""

    variants: dict[int, StockLevel]
    products: dict[int, StockLevel]

    def variant(self, variant_id: int) -> StockLevel:
        """Return the level of a variant. A variant without a stock row is sold out."""
        return self.variants.get(variant_id, SOLD_OUT)

    def product(self, product_id: int) -> StockLevel:
        """Return the level over all variants of a product."""
        return self.products.get(product_id, SOLD_OUT)


def load_levels(product_ids: Iterable[int]) -> StockLevels:
    """Return the levels of these products and all their variants. One statement."""
    return collect_levels(db.session.execute(select_levels(list(product_ids))))


def select_levels(
    product_ids: Sequence[int] | BindParameter[Sequence[int]] | SelectBase,
) -> Select[*tuple[Any, ...]]:
    """Return the query whose rows `collect_levels` reads, for a statement that reads more than the levels."""
    return select(
        StockItem.variant_id,
        StockItem.product_id,
        StockItem.tracked,
        (StockItem.on_hand - StockItem.reserved).label("available"),
        StockItem.low_threshold,
        StockItem.version,
    ).where(StockItem.product_id.in_(product_ids))


def collect_levels(rows: Iterable[Row[*tuple[Any, ...]]]) -> StockLevels:
    """Return the levels of the rows of `select_levels`."""
    variants: dict[int, StockLevel] = {}
    products: dict[int, list[StockLevel]] = {}
    for variant_id, product_id, tracked, available, low, version in rows:
        level = variants[variant_id] = StockLevel(available if tracked else None, low, version)
        products.setdefault(product_id, []).append(level)
    return StockLevels(variants, {product_id: combine_levels(own) for product_id, own in products.items()})


def combine_levels(variants: Sequence[StockLevel]) -> StockLevel:
    """Return the level over all variants of a product. Its band is the best band of its variants.

    So a browser that knows the bands of the variants knows the band of the product.
    """
    bands = {level.band for level in variants}
    untracked = any(level.available is None for level in variants)
    available = None if untracked else sum(max(0, level.available or 0) for level in variants)
    return StockLevel(available, 0 if "in" in bands else available or 0)


def is_buyable(product_id: ColumnElement[int], *, by_range: bool = False) -> ColumnElement[bool]:
    """Return the SQL condition that some variant of a product can be bought: one look into a partial index.

    `by_range`: ask for a range of one id, since SQLite takes the index of all ids if it is told that two are equal.
    """
    own = StockItem.product_id
    return exists(
        select(StockItem.id).where(
            own.between(product_id, product_id) if by_range else own == product_id,
            StockItem.is_uncounted() | (StockItem.on_hand > StockItem.reserved),
        )
    )
