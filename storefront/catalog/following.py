"""What lists and search say of a product after a change that leaves it where it is: the same in few statements.

`listing.refresh` does it for any product after any change, and looks at everything for that.
"""

from __future__ import annotations

import html
import re
from collections.abc import Sequence

from sqlalchemy import update
from sqlalchemy.orm import Session

from storefront import cache
from storefront.cache import keys
from storefront.catalog import search
from storefront.catalog.listing import name_key
from storefront.catalog.models import Listing, Product, Variant

_TAG = re.compile(r"<[^>]*>")


def settle_prices(product: Product, variants: Sequence[Variant]) -> None:
    """Copy the lowest and highest price of these, which are all of the product's, onto its row."""
    cheapest = min(variants, key=lambda variant: (variant.price, variant.position))
    product.price, product.compare_at_price = cheapest.price, cheapest.compare_at_price
    product.price_max = max(variant.price for variant in variants)


def follow(
    session: Session,
    product: Product,
    variants: Sequence[Variant],
    category: str,
    *,
    title: str,
    price: int,
    words: bool,
) -> None:
    """Bring lists and search up to date with an active product whose status, category and vendor are what they were.

    Args:
        session: of the transaction; what has changed has been flushed.
        product: as it is now.
        variants: all of them, as they are now.
        category: its category's name.
        title: as it was.
        price: as it was.
        words: whether anything that is searched has changed.
    """
    renamed, priced = name_key(product.title) != name_key(title), product.price != price
    if renamed or priced:
        rows = session.execute(
            update(Listing)
            .where(Listing.product_id == product.id)
            .values(price=product.price, name_key=name_key(product.title))
            .returning(Listing.category_id)
            .execution_options(synchronize_session=False)
        )
        above = list(rows.scalars())
        if priced:
            cache.touch(session, *map(keys.prices_tag, above))
        if renamed:
            cache.touch(session, *map(keys.names_tag, above))
    if words:
        texts = [text for v in variants for text in (v.sku, v.option1, v.option2, v.option3)]
        body = html.unescape(_TAG.sub(" ", product.description_html))
        others = (product.vendor, product.product_type, *product.tags, category, *texts, body)
        search.index(session, [search.document(product.id, product.title, others)])
