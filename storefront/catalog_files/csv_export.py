"""Export the catalogue as a Shopify product CSV; importing it again changes nothing."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import selectinload

from storefront.catalog.models import Category, Product, ProductImage, Variant
from storefront.catalog_files.csv_reader import COLUMNS, Vocabulary, headers
from storefront.extensions import db
from storefront.money import minor_units
from storefront.sheets.writer import CsvWriter
from storefront.stock import StockItem

BATCH = 200


def export(writer: CsvWriter, *, currency: str, vocabulary: Vocabulary) -> int:
    """Write every product, oldest first, and return their number. Memory use does not grow with it."""
    extra = _extra_headers()
    writer.write_row([*headers(vocabulary), *extra])
    number, digits = 0, minor_units(currency)
    for product, names, stock in _products():
        number += 1
        for known, spare in _rows(product, names, stock, digits):
            writer.write_row(
                [known.get(name, "") for name in COLUMNS] + [spare.get(header, "") for header in extra]
            )
    return number


def _products() -> Iterator[tuple[Product, str, dict[int, StockItem]]]:
    last = 0
    while True:
        wanted = select(Product).where(Product.id > last).order_by(Product.id).limit(BATCH)
        batch = (
            db.session.execute(wanted.options(selectinload(Product.variants), selectinload(Product.images)))
            .scalars()
            .all()
        )
        if not batch:
            return
        ids = [product.id for product in batch]
        items = db.session.execute(select(StockItem).where(StockItem.product_id.in_(ids))).scalars()
        stock = {item.variant_id: item for item in items}
        shelves = _category_names({product.category_id for product in batch if product.category_id})
        for product in batch:
            yield product, shelves.get(product.category_id or 0, ""), stock
        last = ids[-1]
        db.session.expunge_all()


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
    product: Product, category: str, stock: dict[int, StockItem], digits: int
) -> Iterator[tuple[dict[str, Any], dict[str, str]]]:
    """Yield a product's rows: the first has the product's own cells; each has a variant, an image, or both."""
    plain = not product.option_names
    for place in range(max(len(product.variants), len(product.images), 1)):
        known: dict[str, Any] = {"handle": product.slug}
        spare: dict[str, str] = {}
        if place < len(product.images):
            image = product.images[place]
            known |= {"image": image.source, "image_position": place + 1, "image_alt": image.alt}
            spare |= image.extra
        if place < len(product.variants):
            variant = product.variants[place]
            known |= _variant(variant, stock.get(variant.id), product.images, digits, plain=plain)
            spare |= variant.extra
        if place == 0:
            known |= _product(product, category)
            spare |= product.extra
        yield known, spare


def _product(product: Product, category: str) -> dict[str, Any]:
    names = [*product.option_names, "", "", ""][:3] if product.option_names else ["Title", "", ""]
    return {
        "title": product.title,
        "description": product.description_html,
        "vendor": product.vendor,
        "category": category,
        "type": product.product_type,
        "tags": ", ".join(product.tags),
        "published": "TRUE" if product.status == "active" else "FALSE",
        "status": product.status,
        "seo_title": product.seo_title,
        "seo_description": product.seo_description,
        **{f"option{n}_name": name for n, name in enumerate(names, 1)},
    }


def _variant(
    variant: Variant, item: StockItem | None, images: list[ProductImage], digits: int, *, plain: bool
) -> dict[str, Any]:
    sources = {image.id: image.source for image in images}
    was = variant.compare_at_price
    return {
        "sku": variant.sku,
        "barcode": variant.barcode,
        "option1": "Default Title" if plain else variant.option1,
        "option2": variant.option2,
        "option3": variant.option3,
        "price": _amount(variant.price, digits),
        "compare_at_price": "" if was is None else _amount(was, digits),
        "tracker": "shopify" if item is None or item.tracked else "",
        "quantity": item.on_hand if item else 0,
        "policy": "CONTINUE" if variant.backorder else "DENY",
        "grams": variant.weight_grams,
        "variant_image": sources.get(variant.image_id or 0, ""),
    }


def _amount(amount: int, digits: int) -> str:
    return f"{Decimal(amount).scaleb(-digits):f}"


def _extra_headers() -> list[str]:
    """Return the headers of all unknown columns that the shop keeps, in the order of their first appearance."""
    found: dict[str, None] = {}
    for model in (Product, Variant, ProductImage):
        for extra in db.session.execute(
            select(model.extra).order_by(model.id).execution_options(yield_per=1000)
        ).scalars():
            found |= dict.fromkeys(extra)
    return list(found)
