"""Reads the facts about products from which the list index is derived."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from storefront.catalog.list_index import derivation, further_categories
from storefront.catalog.list_index.derivation import PricedVariant, Prices, ProductFacts, SearchedVariant
from storefront.catalog.list_index.further_categories import NamedCategory
from storefront.catalog.models import Category, Product, Variant


@dataclass(frozen=True, slots=True)
class StoredFacts:
    """A product as its rows have it.

    Attributes:
        facts: the input of the list index.
        prices: the prices of its variants.
        stored_prices: the prices on its own row, which may be old.
        category_id: its category.
        further: its further categories.
        stored_further: the ids of these as the list index has them, which may be old.
    """

    facts: ProductFacts
    prices: Prices
    stored_prices: Prices
    category_id: int | None
    further: Sequence[NamedCategory]
    stored_further: Collection[int]

    @property
    def category_ids(self) -> set[int]:
        """All of its categories."""
        return {each.id for each in self.further} | ({self.category_id} if self.category_id else set())


def load_facts(session: Session, product_ids: Sequence[int]) -> list[StoredFacts]:
    """Return what these products' rows say of them. Two statements, three if one has further categories."""
    columns = (Variant.price, Variant.position, Variant.compare_at_price)
    options = (Variant.option1, Variant.option2, Variant.option3)
    texts = (Variant.sku, Variant.label, *options, Variant.barcode)
    priced: dict[int, list[PricedVariant]] = defaultdict(list)
    searched: dict[int, list[SearchedVariant]] = defaultdict(list)
    for row in session.execute(
        select(Variant.product_id, *columns, *texts)
        .where(Variant.product_id.in_(product_ids))
        .order_by(Variant.product_id, Variant.id)
    ):
        priced[row[0]].append(PricedVariant(*row[1:4]))
        searched[row[0]].append(SearchedVariant._make(row[4:]))
    columns_of_product = (
        *(Product.id, Product.title, Product.vendor, Product.product_type, Product.tags, Product.category_id),
        *(
            Product.description_html,
            Product.status,
            Product.unlisted,
            Product.price,
            Product.price_max,
            Product.compare_at_price,
            Product.further_category_ids,
        ),
    )
    products = session.execute(
        select(*columns_of_product, Category.name, further_categories.stored_ids().label("stored_further"))
        .outerjoin(Category, Category.id == Product.category_id)
        .where(Product.id.in_(product_ids))
    ).all()
    ids = sorted({key for row in products for key in row.further_category_ids})
    known = {each.id: each for each in further_categories.read_categories(session, ids)}
    further = {row.id: [known[key] for key in row.further_category_ids if key in known] for row in products}
    return [
        StoredFacts(
            ProductFacts(
                product_id=row.id,
                title=row.title,
                vendor=row.vendor,
                product_type=row.product_type,
                tags=row.tags,
                description_html=row.description_html,
                category=row.name or "",
                price=(prices := derivation.prices(priced[row.id])).price,
                status=row.status,
                unlisted=row.unlisted,
                variants=searched[row.id],
                further=[each.name for each in further[row.id]],
            ),
            prices,
            Prices(row.price, row.price_max, row.compare_at_price),
            row.category_id,
            further[row.id],
            set(map(int, row.stored_further.split(","))) if row.stored_further else set(),
        )
        for row in products
    ]
