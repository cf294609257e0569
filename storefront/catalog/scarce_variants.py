"""Variants of products on sale that are sold out or nearly, for the back office."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import exists, select

from storefront.catalog.models import Product, Variant
from storefront.catalog.option_texts import join_values
from storefront.extensions import db
from storefront.stock import StockItem


@dataclass(frozen=True, slots=True)
class ScarceVariant:
    """A variant on sale of which few or none can be bought: its code, SKU as typed, product, and what is left."""

    sku: str
    label: str
    product_id: int
    title: str
    options: str
    left: int


def list_scarce(limit: int) -> Sequence[ScarceVariant]:
    """Return variants of active products at or below their low threshold, those with the fewest left first.

    Variants that are sold without stock, or whose stock is not counted, are not among them. One statement.
    """
    left = StockItem.on_hand - StockItem.reserved
    options = (Variant.option1, Variant.option2, Variant.option3)
    # By itself SQLite would begin with all active products, not with the index of scarce items.
    on_sale = (
        exists(Product.id).where(Product.id == StockItem.product_id, Product.status == "active"),
        exists(Variant.id).where(Variant.id == StockItem.variant_id, Variant.backorder.is_(False)),
    )
    first = (
        select(StockItem.id).where(StockItem.is_scarce(), *on_sale).order_by(left, StockItem.id).limit(limit)
    )
    query = (
        select(StockItem.sku, Variant.label, Product.id, Product.title, left, *options)
        .join(Variant, Variant.id == StockItem.variant_id)
        .join(Product, Product.id == StockItem.product_id)
        .where(StockItem.id.in_(select(first.subquery().c.id)))
        .order_by(left, StockItem.id)
    )
    return [
        ScarceVariant(sku, label, product_id, title, join_values(names), number)
        for sku, label, product_id, title, number, *names in db.session.execute(query)
    ]
