"""The rows of a change set that one transaction applies or undoes, and what they need from the shop, locked."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from storefront.batches import batches
from storefront.catalog import picture_queue
from storefront.catalog.models import Product, ProductImage, Variant
from storefront.change_sets.changes import ProductChange, StockChange
from storefront.change_sets.models import ChangeSet, RowState
from storefront.change_sets.picture_files import PictureFolder
from storefront.change_sets.results import Left, RowResult, VariantResult
from storefront.change_sets.row_fields import CategoryNames, VariantFields
from storefront.change_sets.store import problem_values
from storefront.stock import StockItem

CHUNK = 500  # codes in one query

# Fields by which nobody searches.
_UNSEARCHED_OF_PRODUCT = {"status", "unlisted", "seo_title", "seo_description"}
_UNSEARCHED_OF_VARIANT = {
    *("price", "compare_at_price", "weight_grams", "backorder", "requires_shipping", "taxable", "tracked")
}


@dataclass(slots=True)
class BatchRow:
    """A row of the change set while it is applied or undone."""

    id: int
    product_id: int | None
    change: ProductChange
    result: RowResult
    state: RowState = "pending"


@dataclass(slots=True)
class LoadedProduct:
    """A locked product with its variants, pictures and stock."""

    product: Product
    items: dict[str, StockItem]

    @property
    def variants(self) -> dict[str, Variant]:
        """Its variants by code."""
        return {variant.sku: variant for variant in self.product.variants}

    @property
    def pictures(self) -> dict[str, ProductImage]:
        """Its pictures by source."""
        return {image.source: image for image in self.product.images}

    def fields_of(self, variant: Variant) -> VariantFields:
        """Return the fields of one of its variants."""
        return VariantFields(variant, self.items.get(variant.sku), lambda source: self.pictures.get(source))


@dataclass(slots=True)
class StockWish:
    """A change of stock that is applied when all rows of the batch are flushed.

    Attributes:
        result: takes what was added.
        left: takes the reason if the change is left.
    """

    sku: str
    change: StockChange
    result: VariantResult
    left: list[Left]


@dataclass
class Batch:
    """What one transaction works with.

    Attributes:
        products: by id; those that no longer exist are absent.
        taken: codes that variants have already, of those that the rows create.
        wishes: changes of stock, for the end.
        new_items: variants that were added, with their first stock; for the end.
        touched: ids of products for the list index.
        problems: values of rows of problems.
    """

    session: Session
    change_set: ChangeSet
    folder: PictureFolder
    rows: list[BatchRow]
    products: dict[int, LoadedProduct] = field(default_factory=dict)
    taken: set[str] = field(default_factory=set)
    wishes: list[StockWish] = field(default_factory=list)
    new_items: list[tuple[Variant, dict[str, Any]]] = field(default_factory=list)
    touched: set[int] = field(default_factory=set)
    problems: list[dict[str, Any]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.names = CategoryNames(self.session)

    def list_same_texts(self) -> set[int]:
        """Return the ids of the products of which these rows change nothing that is searched."""
        changed = {row.product_id for row in self.rows if _changes_texts(row.change)}
        return {row.product_id for row in self.rows if row.product_id is not None} - changed

    def note(self, line: int, column: str, reason: str) -> None:
        """Record a problem that was worked around."""
        self.problems.append(problem_values(self.change_set.id, line, column, reason, "note"))

    def store_picture(self, image: ProductImage, line: int) -> None:
        """Give a picture its stored file, if the folder of the change set has it."""
        stored = self.folder.load(image.source)
        if isinstance(stored, str):
            self.note(line, "picture", stored)
        elif stored is not None:
            image.digest, image.width, image.height = stored.digest, stored.width, stored.height
            picture_queue.enqueue(self.session, [stored.digest])

    def load(self, codes: Collection[str]) -> None:
        """Load and lock the products of the rows and the stock of these codes, in a fixed order."""
        ids = sorted({row.product_id for row in self.rows if row.product_id is not None})
        if not ids:
            return
        query = select(Product).where(Product.id.in_(ids)).order_by(Product.id).with_for_update()
        loaded = self.session.execute(
            query.options(selectinload(Product.variants), selectinload(Product.images)).execution_options(
                populate_existing=True
            )
        ).scalars()
        self.products = {product.id: LoadedProduct(product, {}) for product in loaded}
        self._load_items(ids)
        for chunk in batches(sorted(codes), CHUNK):
            query_items = select(StockItem).where(StockItem.sku.in_(chunk)).order_by(StockItem.sku)
            locked = query_items.with_for_update().execution_options(populate_existing=True)
            self.session.execute(locked).scalars().all()

    def find_taken(self, codes: Collection[str]) -> None:
        """Look up which of the codes variants of the shop have."""
        for chunk in batches(sorted(codes), CHUNK):
            query = select(Variant.sku).where(Variant.sku.in_(chunk))
            self.taken |= set(self.session.execute(query).scalars())

    def _load_items(self, ids: Sequence[int]) -> None:
        items = self.session.execute(select(StockItem).where(StockItem.product_id.in_(ids))).scalars()
        for item in items:
            if item.product_id in self.products:
                self.products[item.product_id].items[item.sku] = item


def _changes_texts(change: ProductChange) -> bool:
    variants = change.variants
    return (
        change.action != "update"
        or not change.fields.keys() <= _UNSEARCHED_OF_PRODUCT
        or any(v.action != "update" or not v.fields.keys() <= _UNSEARCHED_OF_VARIANT for v in variants)
    )
