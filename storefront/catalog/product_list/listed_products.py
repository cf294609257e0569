"""The rows of the list of all products: picture, title, status, category, price and stock."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select

from storefront.catalog.cards import money
from storefront.catalog.models import Category, Product, ProductImage, RenditionSet, Variant
from storefront.catalog.page_data import RENDITION_COLUMNS, Picture
from storefront.extensions import db
from storefront.money import Money
from storefront.stock import StockItem


@dataclass(frozen=True, slots=True)
class ListedProduct:
    """A product in the list.

    Attributes:
        is_hidden: whether it is active but in no list of the shop.
        price: of its cheapest variant; None without variants.
        price_max: of its dearest variant.
        publish_at: when it is published by itself, and `withdraw_at` when it is withdrawn.
        available: how many can be bought of all its variants whose stock is counted; None if none is.
    """

    id: int
    slug: str
    title: str
    status: str
    is_hidden: bool
    vendor: str
    product_type: str
    category: str
    price: Money | None
    price_max: Money | None
    picture: Picture | None
    variants: int
    available: int | None
    publish_at: datetime | None
    withdraw_at: datetime | None


def load_rows(product_ids: Sequence[int]) -> list[ListedProduct]:
    """Return the rows of these products, in this order. One statement; without ids none."""
    if not product_ids:
        return []
    variants = select(func.count()).where(Variant.product_id == Product.id)
    left = func.sum(StockItem.on_hand - StockItem.reserved)
    available = select(left).where(StockItem.product_id == Product.id, StockItem.tracked)
    columns = (
        *(Product.id, Product.slug, Product.title, Product.status, Product.unlisted, Product.vendor),
        *(Product.publish_at, Product.withdraw_at),
        *(
            Product.product_type,
            Product.price,
            Product.price_max,
            Category.name.label("category"),
        ),
        *(ProductImage.digest, ProductImage.width, ProductImage.height, *RENDITION_COLUMNS),
        *(variants.scalar_subquery().label("variants"), available.scalar_subquery().label("available")),
    )
    query = (
        select(*columns)
        .outerjoin(Category, Category.id == Product.category_id)
        .outerjoin(ProductImage, ProductImage.id == Product.cover_id)
        .outerjoin(RenditionSet, RenditionSet.digest == ProductImage.digest)
        .where(Product.id.in_(product_ids))
    )
    found = {row.id: _row(row) for row in db.session.execute(query)}
    return [found[product_id] for product_id in product_ids if product_id in found]


def _row(row: Any) -> ListedProduct:
    return ListedProduct(
        id=row.id,
        slug=row.slug,
        title=row.title,
        status=row.status,
        is_hidden=row.status == "active" and row.unlisted,
        vendor=row.vendor,
        product_type=row.product_type,
        category=row.category or "",
        price=money(row.price) if row.price is not None else None,
        price_max=money(row.price_max) if row.price_max is not None else None,
        picture=Picture.of_row(row, ""),
        variants=row.variants,
        available=row.available,
        publish_at=_moment(row.publish_at),
        withdraw_at=_moment(row.withdraw_at),
    )


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
