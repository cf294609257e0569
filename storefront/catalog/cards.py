"""Product cards: the products in a list, each with price, picture and stock badge."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import BindParameter, CompoundSelect, SelectBase, bindparam, exists, select

from storefront import cache, shop_settings, stock
from storefront.catalog.list_index.derivation import is_reduced
from storefront.catalog.models import Product, ProductImage, RenditionSet, Variant
from storefront.catalog.page_data import RENDITION_COLUMNS, Card, Picture
from storefront.catalog.publication import bound_by_withdrawal
from storefront.joint_queries import JointQuery
from storefront.money import Money
from storefront.shop_cache import keys
from storefront.stock import StockLevels
from storefront.text_translations import built_once, translated
from storefront.text_translations.models import PRODUCT


def load_cards(product_ids: Sequence[int]) -> list[Card]:
    """Return the cards of these products, in this order. One statement; without ids none."""
    if not product_ids:
        return []
    found, levels = read_card_rows(_rows_of_cards(), {"ids": product_ids})
    return [build_card(found[i], levels) for i in product_ids if i in found]


@built_once
def _rows_of_cards() -> JointQuery:
    ids: BindParameter[Sequence[int]] = bindparam("ids", expanding=True)
    return select_card_rows(ids, ids)


def select_card_rows(
    product_ids: BindParameter[Sequence[int]] | CompoundSelect[int],
    stock_of: BindParameter[Sequence[int]] | SelectBase,
) -> JointQuery:
    """Return the statement that `read_card_rows` reads, for `built_once`.

    Args:
        product_ids: the products of the cards.
        stock_of: the products whose stock is read.
    """
    query = (
        select(
            Product.id,
            Product.slug,
            translated(Product.title, PRODUCT, Product.id, "title"),
            Product.vendor,
            Product.price,
            Product.price_max,
            Product.compare_at_price,
            Product.withdraw_at,
            ProductImage.digest,
            ProductImage.width,
            ProductImage.height,
            ProductImage.alt,
            *RENDITION_COLUMNS,
            exists(Variant.id).where(Variant.product_id == Product.id, Variant.backorder).label("backorder"),
        )
        .outerjoin(ProductImage, ProductImage.id == Product.cover_id)
        .outerjoin(RenditionSet, RenditionSet.digest == ProductImage.digest)
        .where(Product.id.in_(product_ids))
    )
    return JointQuery(query, stock.select_levels(stock_of))


def read_card_rows(query: JointQuery, values: Mapping[str, Any]) -> tuple[dict[int, Any], StockLevels]:
    """Return the columns that a card needs, by product id, and the stock. One statement.

    Args:
        query: from `select_card_rows`.
        values: of its bind parameters.
    """
    rows, levels = query.read(values)
    found = {row.id: row for row in rows}
    cache.depends_on(*map(keys.card_tag, found))
    for row in found.values():
        bound_by_withdrawal(row.withdraw_at)
    return found, stock.collect_levels(levels)


def build_card(row: Any, levels: StockLevels) -> Card:
    """Return the card of a row that `read_card_rows` returned."""
    # A list shows the band; only the product's own page shows the number.
    badge = stock.badge_for(levels.product(row.id), "band", backorder=row.backorder)
    return Card(
        id=row.id,
        slug=row.slug,
        title=row.title,
        vendor=row.vendor,
        price=money(row.price),
        price_max=money(row.price_max),
        compare_at_price=original_price(row.price, row.compare_at_price),
        picture=Picture.of_row(row, row.alt or row.title),
        badge=badge,
    )


def money(amount: int) -> Money:
    """Return an amount in the shop's currency; `amount` is in minor units."""
    return Money(amount, shop_settings.current().currency)


def original_price(price: int, compare_at_price: int | None) -> Money | None:
    """Return the price that a product was reduced from; None unless it is higher than the price."""
    if compare_at_price is None or not is_reduced(price, compare_at_price):
        return None
    return money(compare_at_price)
