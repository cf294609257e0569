"""Removes the demo catalogue from a shop: only products that nobody has changed and that no order needs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import exists, select
from sqlalchemy.orm import Session, selectinload

from storefront import cache, shop_settings
from storefront.actors import ChangedBy
from storefront.catalog.list_index import writer
from storefront.catalog.models import (
    ROOT_PATH,
    Category,
    DescriptionPicture,
    FurtherCategory,
    Product,
    ProductImage,
)
from storefront.catalog.slugs import slugify
from storefront.change_sets.codes import find_needed_codes
from storefront.demo import catalogue, choice, loader
from storefront.demo.catalogue import DemoProduct
from storefront.extensions import connection_of, db, write_transaction
from storefront.i18n import gettext as _
from storefront.money import minor_units
from storefront.shop_cache import keys
from storefront.stock import StockItem, StockMovement
from storefront.stock.items import forget_items

# Movements that shoppers cause; the others are of somebody who has counted or received goods.
_OF_SHOPPERS = ("sold", "released", "held", "returned")


@dataclass(frozen=True, slots=True)
class RemovalPlan:
    """The demo's products that can go, the SKUs of their variants, and title and reason of those that stay."""

    product_ids: Sequence[int]
    skus: Sequence[str]
    kept: Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Removed:
    """How many products, categories and pictures were removed."""

    products: int
    categories: int
    pictures: int


def plan_removal() -> RemovalPlan:
    """Return the parts of the demo that can be removed, without removing them."""
    session = db.session()
    plan = _plan(session)
    session.rollback()
    return plan


def find_unchanged(session: Session) -> Sequence[int]:
    """Return the ids of the demo's products that nobody has changed, ordered or counted."""
    return _plan(session).product_ids


def remove_demo(plan: RemovalPlan, media_dir: Path) -> Removed:
    """Remove the products of a plan that are still unchanged, then empty categories and unused pictures of the demo.

    One transaction removes the rows and records that the demo is gone; the files follow.
    """
    with write_transaction() as session:
        now = _plan(session)
        ids = [product_id for product_id in now.product_ids if product_id in set(plan.product_ids)]
        products = session.scalars(select(Product).where(Product.id.in_(ids))).all()
        digests = {image.digest for product in products for image in product.images if image.digest}
        writer.write(session, [], unlisted=ids)  # before the rows go: the counts of categories follow
        forget_items(session, [variant.sku for product in products for variant in product.variants])
        for product in products:
            cache.invalidate_on_commit(session, keys.SEARCH, keys.slug_tag(product.slug))
            session.delete(product)
        session.flush()
        categories = _remove_categories(session)
        unused = digests - _used_digests(session, digests)
        choice.record_choice(session, "removed")
    for digest in unused:
        for file in (media_dir / digest[:2]).glob(f"{digest}-*"):
            file.unlink(missing_ok=True)
    return Removed(len(products), categories, len(unused))


def _plan(session: Session) -> RemovalPlan:
    items = {item.slug: item for item in catalogue.read_products()}
    by_sku = {variant.sku: item for item in items.values() for variant in item.variants}
    products = _find_products(session, items, list(by_sku))
    skus = [variant.sku for product in products for variant in product.variants]
    needed = find_needed_codes(connection_of(session), skus)
    counted = set(
        session.scalars(
            select(StockMovement.sku).where(
                StockMovement.sku.in_(skus), StockMovement.kind.not_in(_OF_SHOPPERS)
            )
        )
    )
    going: list[Product] = []
    kept: list[tuple[str, str]] = []
    for product in products:
        codes = {variant.sku for variant in product.variants}
        reason = _("somebody changed it")
        if codes & needed:
            reason = _("it was ordered, or a shopper is ordering it")
        elif codes & counted:
            reason = _("somebody changed its stock")
        elif _is_untouched(product) or _is_as_loaded(product, items.get(product.slug)):
            going.append(product)
            continue
        kept.append((product.title, reason))
    return RemovalPlan(
        [product.id for product in going],
        [variant.sku for product in going for variant in product.variants],
        kept,
    )


def _find_products(session: Session, items: Mapping[str, DemoProduct], skus: Sequence[str]) -> list[Product]:
    """Return the products with an address or a SKU of the demo."""
    of_variants = select(StockItem.product_id).where(StockItem.sku.in_(skus))
    query = (
        select(Product)
        .where(Product.slug.in_(list(items)) | Product.id.in_(of_variants))
        .options(selectinload(Product.variants), selectinload(Product.images), selectinload(Product.category))
        .order_by(Product.id)
    )
    return list(session.scalars(query))


def _is_untouched(product: Product) -> bool:
    """Return whether commands alone have written its rows, as the loading did: an earlier version's demo."""
    rows: tuple[ChangedBy, ...] = (product, *product.variants, *product.images)
    return all(row.changed_by.startswith("command:") for row in rows) and bool(product.variants)


def _is_as_loaded(product: Product, item: DemoProduct | None) -> bool:
    """Return whether a product is what this version's demo would load, apart from stock and files of pictures."""
    return item is not None and _facts_of(product) == _facts_of_item(item)


def _facts_of(product: Product) -> dict[str, Any]:
    """Return what people can change of a product. A product that is not stored yet lacks the columns' defaults."""
    return {
        "title": product.title,
        "text": product.description_html,
        "about": (product.vendor, product.product_type, list(product.tags), list(product.option_names)),
        "state": (
            product.status,
            bool(product.unlisted),
            bool(product.gift_card),
            product.seo_title or "",
            product.extra or {},
        ),
        "seo": product.seo_description,
        "category": product.category.path if product.category else None,
        "images": [(image.position, image.source, image.alt) for image in product.images],
        "variants": [
            (
                variant.sku,
                variant.label or variant.sku,
                variant.options,
                variant.price,
                variant.compare_at_price,
                variant.barcode,
                variant.weight_grams,
                variant.backorder,
                variant.requires_shipping is not False,
                variant.taxable is not False,
                variant.image.source if variant.image else None,
                variant.extra or {},
            )
            for variant in product.variants
        ],
    }


def _facts_of_item(item: DemoProduct) -> dict[str, Any]:
    """Return the facts of a product that has just been loaded."""
    fresh = loader.describe_product(item, minor_units(shop_settings.current().currency))
    return _facts_of(fresh) | {"category": "/".join(map(slugify, item.category))}


def _remove_categories(session: Session) -> int:
    """Remove the demo's categories that have no product and no category below them; return how many."""
    removed = 0
    for path in sorted(_demo_paths(), key=lambda path: -path.count("/")):
        category = session.scalar(select(Category).where(Category.path == path))
        if category is None or category.path == ROOT_PATH or not _is_unused(session, category):
            continue
        session.delete(category)
        session.flush()
        removed += 1
    return removed


def _is_unused(session: Session, category: Category) -> bool:
    """Return whether a category has nothing below it, and no person has changed it."""
    is_used = session.scalar(
        select(
            exists().where(Product.category_id == category.id)
            | exists().where(FurtherCategory.category_id == category.id)
            | exists().where(Category.parent_id == category.id)
        )
    )
    return not is_used and category.changed_by.startswith(("command:", "system")) | (not category.changed_by)


def _demo_paths() -> set[str]:
    categories = {item.category for item in catalogue.read_products()}
    return {
        "/".join(map(slugify, names[:depth])) for names in categories for depth in range(1, len(names) + 1)
    }


def _used_digests(session: Session, digests: set[str]) -> set[str]:
    """Return which of these pictures another product, a description or a category shows."""
    used: set[str] = set()
    for column in (ProductImage.digest, DescriptionPicture.digest, Category.picture_digest):
        used.update(filter(None, session.scalars(select(column).where(column.in_(digests)))))
    return used
