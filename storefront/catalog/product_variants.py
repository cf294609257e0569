"""The variants of a product's page, with the words of their options in the language of the page."""

from __future__ import annotations

from typing import Any

from sqlalchemy import String, bindparam, select, union

from storefront import stock
from storefront.catalog.cards import money, original_price
from storefront.catalog.models import Variant
from storefront.catalog.product_page import VariantView
from storefront.joint_queries import JointQuery
from storefront.languages import current_locale
from storefront.stock import StockLevels
from storefront.text_translations import built_once, collect_words, select_words

_OPTIONS = (Variant.option1, Variant.option2, Variant.option3)
_COLUMNS = (
    *(*_OPTIONS, Variant.id, Variant.sku, Variant.label, Variant.position),
    *(Variant.price, Variant.compare_at_price, Variant.backorder, Variant.barcode),
    *(Variant.weight_grams, Variant.requires_shipping, Variant.taxable, Variant.image_id),
)


def load_variants(
    item: Any, levels: StockLevels, places: dict[int, int]
) -> tuple[list[str], list[VariantView]]:
    """Return the names of a product's options, and its variants. One statement, in any language.

    Args:
        item: the product, or a row with its columns.
        levels: the stock.
        places: the index of each picture on the page, by its row's id.
    """
    names = item.option_names if current_locale() else []
    values = {"product": item.id, **{f"name{place}": name for place, name in enumerate(names)}}
    rows, *translations = _select_variants(len(names)).read(values)
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


@built_once
def _select_variants(names: int) -> JointQuery:
    """Return the statement for the variants, and the translations of so many names of options and their values."""
    mine = Variant.product_id == bindparam("product")
    rows = select(*_COLUMNS).where(mine)
    if not names:
        return JointQuery(rows)
    titles = (select(bindparam(f"name{place}", type_=String)) for place in range(names))
    return JointQuery(
        rows, select_words(union(*titles, *(select(option).where(mine) for option in _OPTIONS)))
    )
