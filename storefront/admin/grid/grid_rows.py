"""The rows of the grid: variants of the products that a filter leaves."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from storefront.catalog.models import Product, Variant
from storefront.catalog.option_texts import join_values
from storefront.change_sets.shop_products import count_variants
from storefront.extensions import db
from storefront.stock import StockItem


@dataclass(frozen=True, slots=True)
class GridRow:
    """A variant as it is now. Money is in minor units; `on_hand` is None if its stock is not counted."""

    id: int
    product_id: int
    title: str
    options: str
    sku: str
    label: str
    price: int
    compare_at_price: int | None
    on_hand: int | None
    status: str


@dataclass(frozen=True, slots=True)
class Window:
    """A part of the variants of some products: the rows, and whether there are more behind them."""

    rows: Sequence[GridRow]
    has_more: bool


def read_window(product_ids: Sequence[int], start: int, size: int) -> Window:
    """Return the variants of these products, in this order, from the place `start`. Two statements.

    Only the products of which a variant is in the window are read.
    """
    counts = count_variants(db.session.connection(), product_ids)
    wanted, first, place = list[int](), 0, 0
    for key in product_ids:
        before, place = place, place + counts.get(key, 0)
        if place > start and before < start + size:
            first = first if wanted else before
            wanted.append(key)
    found = sorted(_load(Variant.product_id.in_(wanted)), key=lambda row: wanted.index(row.product_id))
    return Window(found[start - first : start - first + size], place > start + size)


def load_rows(variant_ids: Collection[int]) -> dict[int, GridRow]:
    """Return those of these variants that exist, by id. One statement."""
    return {row.id: row for row in _load(Variant.id.in_(variant_ids))}


def _load(condition: Any) -> list[GridRow]:
    query = (
        select(
            *(
                Variant.id,
                Variant.product_id,
                Product.title,
                Variant.option1,
                Variant.option2,
                Variant.option3,
            ),
            *(Variant.sku, Variant.label, Variant.price, Variant.compare_at_price, Product.status),
            *(StockItem.on_hand, StockItem.tracked),
        )
        .join(Product, Product.id == Variant.product_id)
        .outerjoin(StockItem, StockItem.variant_id == Variant.id)
        .where(condition)
        .order_by(Variant.product_id, Variant.position, Variant.id)
    )
    return [
        GridRow(
            id=row.id,
            product_id=row.product_id,
            title=row.title,
            options=join_values((row.option1, row.option2, row.option3)),
            sku=row.sku,
            label=row.label,
            price=row.price,
            compare_at_price=row.compare_at_price,
            on_hand=row.on_hand if row.tracked else None,
            status=row.status,
        )
        for row in db.session.execute(query)
    ]
