"""The variants of a product's page, with the words of their options in the language of the page."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Select, literal, select, union

from storefront import stock
from storefront.catalog.cards import money, original_price
from storefront.catalog.models import Product, Variant
from storefront.catalog.product_page import VariantView
from storefront.joint_queries import read_together
from storefront.languages import current_locale
from storefront.stock import StockLevels
from storefront.text_translations import collect_words, select_words

_OPTIONS = (Variant.option1, Variant.option2, Variant.option3)
_COLUMNS = (
    *(*_OPTIONS, Variant.id, Variant.sku, Variant.label, Variant.position),
    *(Variant.price, Variant.compare_at_price, Variant.backorder, Variant.barcode),
    *(Variant.weight_grams, Variant.requires_shipping, Variant.taxable, Variant.image_id),
)


def load_variants(
    item: Product, levels: StockLevels, places: dict[int, int]
) -> tuple[list[str], list[VariantView]]:
    """Return the names of a product's options, and its variants. One statement, in any language.

    Args:
        item: the product.
        levels: the stock.
        places: the index of each picture on the page, by its row's id.
    """
    mine = Variant.product_id == item.id
    queries: list[Select[*tuple[Any, ...]]] = [select(*_COLUMNS).where(mine)]
    if current_locale() and item.option_names:
        names = (select(literal(name)) for name in item.option_names)
        queries.append(select_words(union(*names, *(select(option).where(mine) for option in _OPTIONS))))
    rows, *translations = read_together(*queries)
    words = collect_words(row for part in translations for row in part)
    display = stock.public_display()
    variants = [
        VariantView(
            id=row.id,
            sku=row.sku,
            label=row.label,
            options=tuple(words.get(value, value) for value in row[: len(_OPTIONS)] if value),
            price=money(row.price),
            compare_at_price=original_price(row.price, row.compare_at_price),
            badge=stock.badge_for(levels.variant(row.id), display, backorder=row.backorder),
            version=levels.variant(row.id).version,
            picture=places.get(row.image_id) if row.image_id else None,
            barcode=row.barcode,
            weight_grams=row.weight_grams,
            requires_shipping=row.requires_shipping,
            taxable=row.taxable,
        )
        for row in sorted(rows, key=lambda row: (row.position, row.id))
    ]
    return [words.get(name, name) for name in item.option_names], variants
