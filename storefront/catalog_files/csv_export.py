"""Export the catalogue as a Shopify product CSV; importing it again changes nothing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import zip_longest
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.orm import selectinload

from storefront.batches import batches
from storefront.catalog.models import Category, Product, ProductImage, Variant
from storefront.catalog_files.linked_options import handle_values, links_of
from storefront.catalog_files.product_columns import (
    COLUMNS,
    OPTION_NAMES,
    OPTIONS,
    Vocabulary,
    column_name,
    headers,
)
from storefront.catalog_files.product_texts import CATEGORY_SEPARATOR
from storefront.extensions import db
from storefront.money import Money
from storefront.sheets.writer import CsvWriter
from storefront.stock import StockItem

BATCH = 200


def export(writer: CsvWriter, *, currency: str, vocabulary: Vocabulary) -> int:
    """Write every product, oldest first, and return their number. Memory use does not grow with it."""
    return sum(1 for _ in write_products(writer, currency=currency, vocabulary=vocabulary))


def write_products(
    writer: CsvWriter, *, currency: str, vocabulary: Vocabulary, product_ids: Iterable[int] | None = None
) -> Iterator[str]:
    """Like `export`, but yield the address of each product when it is written; of these products only, if given."""
    extra = _extra_headers()
    writer.write_row([*headers(vocabulary), *extra])
    found = _read_all() if product_ids is None else _read_some(product_ids)
    for product, names, stock in _with_parts(found):
        for known, spare in _rows(product, names, stock, currency):
            writer.write_row(
                [known.get(name, "") for name in COLUMNS] + [spare.get(header, "") for header in extra]
            )
        yield product.slug


def _read_all() -> Iterator[Sequence[Product]]:
    last = 0
    while batch := _read(select(Product).where(Product.id > last).limit(BATCH)):
        last = batch[-1].id
        yield batch


def _read_some(product_ids: Iterable[int]) -> Iterator[Sequence[Product]]:
    for ids in batches(product_ids, BATCH):
        yield _read(select(Product).where(Product.id.in_(ids)))


def _read(wanted: Select[Product]) -> Sequence[Product]:
    whole = wanted.options(selectinload(Product.variants), selectinload(Product.images))
    return db.session.execute(whole.order_by(Product.id)).scalars().all()


def _with_parts(
    found: Iterator[Sequence[Product]],
) -> Iterator[tuple[Product, Mapping[int, str], dict[int, StockItem]]]:
    for batch in found:
        ids = [product.id for product in batch]
        items = db.session.execute(select(StockItem).where(StockItem.product_id.in_(ids))).scalars()
        stock = {item.variant_id: item for item in items}
        further = {key for product in batch for key in product.further_category_ids}
        names = _category_names(further | {product.category_id for product in batch if product.category_id})
        for product in batch:
            yield product, names, stock
        db.session.expunge_all()
        db.session.rollback()  # a slow reader of the file holds no connection


def _category_names(ids: set[int]) -> dict[int, str]:
    """Return "Tea > Green tea" for each category."""
    names: dict[int, str] = {}
    for key in ids:
        parts, node = [], db.session.get(Category, key)
        while node is not None and node.parent_id is not None:
            parts.append(node.name)
            node = db.session.get(Category, node.parent_id)
        names[key] = " > ".join(reversed(parts))
    return names


def _rows(
    product: Product, names: Mapping[int, str], stock: dict[int, StockItem], currency: str
) -> Iterator[tuple[dict[str, Any], dict[str, str]]]:
    """Yield a product's rows: the first has the product's own cells; each has a variant, an image, or both.

    An import reads the kept columns of the first row as the product's, of a variant's row as the variant's. So a
    variant or an image that has some does not share a row with another owner of kept columns.
    """
    variants: list[Variant | None] = list(product.variants)
    if not variants or (variants[0] and variants[0].extra):
        variants.insert(0, None)
    handles = {place: handle_values(product.extra, link) for place, link in links_of(product.extra).items()}
    shared = [image for image in product.images if not image.extra]
    pairs = [*zip_longest(variants, shared), *((None, image) for image in product.images if image.extra)]
    for place, (variant, image) in enumerate(pairs):
        known: dict[str, Any] = {"handle": product.slug}
        spare: dict[str, str] = {}
        if image is not None:
            known |= {"image": image.source, "image_position": image.position, "image_alt": image.alt}
            spare |= image.extra
        if variant is not None:
            known |= _variant(variant, stock.get(variant.id), product, currency, handles)
            spare |= variant.extra
        if place == 0:
            known |= _product(product, names)
            spare |= product.extra
        yield known, spare


def _product(product: Product, names: Mapping[int, str]) -> dict[str, Any]:
    options = [*product.option_names, "", "", ""][:3] if product.option_names else ["Title", "", ""]
    is_active = product.status == "active"
    return {
        "title": product.title,
        "description": product.description_html,
        "vendor": product.vendor,
        "category": names.get(product.category_id or 0, ""),
        "further_categories": CATEGORY_SEPARATOR.join(
            filter(None, map(names.get, product.further_category_ids))
        ),
        "type": product.product_type,
        "tags": ", ".join(product.tags),
        "published": _flag(is_active),
        "status": "unlisted" if is_active and product.unlisted else product.status,
        "publish_at": product.publish_at,
        "withdraw_at": product.withdraw_at,
        # Of an active product the status says it; so that a merchant who edits the status is understood.
        "unlisted": _flag(product.unlisted) if product.unlisted and not is_active else "",
        "gift_card": _flag(product.gift_card),
        "seo_title": product.seo_title,
        "seo_description": product.seo_description,
        **dict(zip(OPTION_NAMES, options, strict=True)),
    }


def _variant(
    variant: Variant,
    item: StockItem | None,
    product: Product,
    currency: str,
    handles: dict[int, dict[str, str]],
) -> dict[str, Any]:
    sources = {image.id: image.source for image in product.images}
    was = variant.compare_at_price
    options = [variant.option1, variant.option2, variant.option3]
    if not product.option_names:
        options[0] = options[0] or "Default Title"
    linked = (handles.get(place, {}).get(value, value) for place, value in enumerate(options))
    on_hand = item.on_hand if item else 0
    return {
        "sku": variant.label,
        "code": variant.sku,
        "barcode": variant.barcode,
        **dict(zip(OPTIONS, linked, strict=True)),
        "price": Money(variant.price, currency).plain,
        "compare_at_price": "" if was is None else Money(was, currency).plain,
        "taxable": _flag(variant.taxable),
        "tracker": "shopify" if item is None or item.tracked else "",
        "quantity": on_hand,
        "quantity_at_export": on_hand,
        "policy": "CONTINUE" if variant.backorder else "DENY",
        "grams": variant.weight_grams,
        "requires_shipping": _flag(variant.requires_shipping),
        "variant_image": sources.get(variant.image_id or 0, ""),
    }


def _flag(value: bool) -> str:
    return "TRUE" if value else "FALSE"


def _extra_headers() -> list[str]:
    """Return the headers of all columns that the shop keeps, in the order of their first appearance.

    Earlier versions also kept columns that have a meaning today.
    """
    found: dict[str, None] = {}
    for model in (Product, Variant, ProductImage):
        for extra in db.session.execute(
            select(model.extra).order_by(model.id).execution_options(yield_per=1000)
        ).scalars():
            found |= dict.fromkeys(extra)
    return [header for header in found if column_name(header) is None]
