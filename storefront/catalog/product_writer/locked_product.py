"""A product while it is changed: its locked rows, and its new stock."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from sqlalchemy import exists, select
from sqlalchemy.orm import Session, aliased

from storefront.catalog import models
from storefront.catalog.collection.models import Collection
from storefront.catalog.list_index.further_categories import NamedCategory, described, parse_described
from storefront.catalog.navigation import NotInShopError
from storefront.i18n import gettext as _
from storefront.stock import StockItem, StockLevel, StockLevels


@dataclass(slots=True)
class LockedProduct:
    """A product's locked rows.

    Attributes:
        row: the product.
        category: path and name of its category, or None twice.
        images: its images in order.
        variants: its variants by SKU.
        items: its stock by SKU.
        new_stock: the new stock by SKU, where it changes.
        expected: what the editor saw on hand by SKU, where that must not have changed since.
        further: its further categories.
        has_collections: whether the shop has any, until the transaction ends.
        found_category: the category that the edit was expected to name; None if there is none.
    """

    row: models.Product
    category: tuple[str | None, str | None]
    images: Sequence[models.ProductImage]
    variants: dict[str, models.Variant]
    items: dict[str, StockItem]
    new_stock: dict[str, int] = field(default_factory=dict)
    expected: dict[str, int] = field(default_factory=dict)
    further: Sequence[NamedCategory] = ()
    has_collections: bool = True
    found_category: NamedCategory | None = None

    def available(self, sku: str) -> int | None:
        """Return how many of a SKU can be bought; None if its stock is not tracked."""
        item = self.items.get(sku)
        return None if item is None or not item.tracked else item.available

    def levels(self) -> StockLevels:
        """Return its stock by the ids of its variants, with what changes."""
        levels = {
            item.variant_id: StockLevel(
                self.new_stock.get(sku, item.available) if item.tracked else None, item.low_threshold
            )
            for sku, item in self.items.items()
        }
        return StockLevels(levels, {})

    def sorted_variants(self) -> list[models.Variant]:
        """Return its variants in the order in which pages show them."""
        return sorted(self.variants.values(), key=lambda v: (v.position, v.id))


def lock_product(session: Session, product_id: int, category: str | None = None) -> LockedProduct:
    """Lock a product and its variants, in the order of their SKUs, in two statements.

    Args:
        session: a session in a writing transaction.
        product_id: the product.
        category: the path of a category that the edit may move it to: it is found without a statement of its own.

    Raises:
        NotInShopError: the product does not exist.
    """
    return _read(session, product_id, is_locked=True, category=category)


def read_product(session: Session, product_id: int) -> LockedProduct:
    """Read the same without locks.

    Raises:
        NotInShopError: the product does not exist.
    """
    return _read(session, product_id, is_locked=False)


def _read(
    session: Session, product_id: int, *, is_locked: bool, category: str | None = None
) -> LockedProduct:
    other = aliased(models.Category)
    products = (
        select(
            *(models.Product, models.Category.path, models.Category.name, models.ProductImage),
            described().label("further"),
            exists(Collection.id).label("has_collections"),
            other.id.label("other_id"),
            other.path.label("other_path"),
            other.name.label("other_name"),
        )
        .outerjoin(models.Category, models.Category.id == models.Product.category_id)
        .outerjoin(other, other.path == category)
        .outerjoin(models.ProductImage, models.ProductImage.product_id == models.Product.id)
        .where(models.Product.id == product_id)
        .order_by(models.ProductImage.position, models.ProductImage.id)
        .execution_options(populate_existing=True)
    )
    rows = session.execute(products.with_for_update(of=models.Product) if is_locked else products).all()
    if not rows:
        raise NotInShopError(_("There is no product %(number)s.", number=product_id))
    variants_read = (
        select(models.Variant, StockItem)
        .outerjoin(StockItem, StockItem.variant_id == models.Variant.id)
        .where(models.Variant.product_id == product_id)
        .order_by(models.Variant.sku)
        .execution_options(populate_existing=True)
    )
    pairs = session.execute(
        variants_read.with_for_update(of=models.Variant) if is_locked else variants_read
    ).all()
    images = [row.ProductImage for row in rows if row.ProductImage is not None]
    variants = {row.Variant.sku: row.Variant for row in pairs}
    items = {row.Variant.sku: row.StockItem for row in pairs if row.StockItem is not None}
    first = rows[0]
    return LockedProduct(
        first.Product,
        (first.path, first.name),
        images,
        variants,
        items,
        further=parse_described(first.further, first.Product.further_category_ids),
        has_collections=first.has_collections,
        found_category=NamedCategory(first.other_id, first.other_path, first.other_name)
        if first.other_id is not None
        else None,
    )
