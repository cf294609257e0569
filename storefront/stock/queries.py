"""Reads of stock for pages: bands and badges, no more than STOREFRONT_STOCK_DISPLAY tells the public."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from sqlalchemy import exists, select
from sqlalchemy.sql.elements import ColumnElement

from storefront.extensions import db
from storefront.stock.models import StockItem

Band = Literal["in", "low", "out"]
Display = Literal["low", "band", "exact"]


@dataclass(frozen=True, slots=True)
class Level:
    """What can be bought of a variant, or of a product over all its variants.

    `available` is None where stock is not counted (always to be had).
    """

    available: int | None
    low_threshold: int
    version: int = 0

    @property
    def band(self) -> Band:
        """`out` at 0, `low` up to the threshold, else `in`."""
        if self.available is None:
            return "in"
        if self.available <= 0:
            return "out"
        return "low" if self.available <= self.low_threshold else "in"


@dataclass(frozen=True, slots=True)
class Badge:
    """What a page says of stock: the band, and the number left where it may be told (else None)."""

    band: Band
    left: int | None
    backorder: bool = False

    @property
    def text(self) -> str:
        """The sentence on the page."""
        if self.band == "out":
            return "Available to order" if self.backorder else "Sold out"
        if self.left is not None:
            return f"Only {self.left} left" if self.band == "low" else f"{self.left} in stock"
        return "Low stock" if self.band == "low" else "In stock"

    @property
    def buyable(self) -> bool:
        """Whether it can be put into a basket now."""
        return self.band != "out" or self.backorder


GONE = Level(available=0, low_threshold=0)


def badge(level: Level, display: Display, *, backorder: bool = False) -> Badge:
    """Return what may be said: `low` tells the number at or under the threshold, `exact` always."""
    told = display == "exact" or (display == "low" and level.band == "low")
    return Badge(level.band, level.available if told and level.band != "out" else None, backorder)


@dataclass(frozen=True, slots=True)
class Levels:
    """Levels by variant id and by product id, of the products that were asked for."""

    variants: dict[int, Level]
    products: dict[int, Level]

    def variant(self, variant_id: int) -> Level:
        """Return the variant's level; one without a stock row cannot be bought."""
        return self.variants.get(variant_id, GONE)

    def product(self, product_id: int) -> Level:
        """Return the level over all variants of a product."""
        return self.products.get(product_id, GONE)


def levels(product_ids: Iterable[int]) -> Levels:
    """Return the levels of these products and all their variants. One statement."""
    rows = db.session.execute(
        select(
            StockItem.variant_id,
            StockItem.product_id,
            StockItem.tracked,
            StockItem.on_hand - StockItem.reserved,
            StockItem.low_threshold,
            StockItem.version,
        ).where(StockItem.product_id.in_(list(product_ids)))
    )
    variants: dict[int, Level] = {}
    products: dict[int, list[Level]] = {}
    for variant_id, product_id, tracked, available, low, version in rows:
        level = variants[variant_id] = Level(available if tracked else None, low, version)
        products.setdefault(product_id, []).append(level)
    return Levels(variants, {product_id: together(own) for product_id, own in products.items()})


def together(own: Sequence[Level]) -> Level:
    """Return the level over all variants of a product: its band is the best of theirs.

    So whoever knows the bands of the variants, a browser for one, knows that of the product.
    """
    bands = {level.band for level in own}
    uncounted = any(level.available is None for level in own)
    available = None if uncounted else sum(max(0, level.available or 0) for level in own)
    return Level(available, 0 if "in" in bands else available or 0)


def buyable(product_id: ColumnElement[int]) -> ColumnElement[bool]:
    """Return the SQL condition that some of this product can be bought: one look into a partial index."""
    return exists(
        select(StockItem.id).where(
            StockItem.product_id == product_id,
            (~StockItem.tracked) | (StockItem.on_hand > StockItem.reserved),
        )
    )
