"""Factories of rows with sensible defaults; every field can be given."""

from __future__ import annotations

import io
import tempfile
from collections.abc import Sequence
from functools import cache
from itertools import count
from pathlib import Path
from typing import Any

from flask import current_app
from PIL import Image

from storefront.catalog import categories, pictures
from storefront.catalog.list_index import writer
from storefront.catalog.models import Category, Product, ProductImage, Variant
from storefront.catalog.slugs import slugify
from storefront.extensions import db, write_transaction
from storefront.stock import StockItem

_serial = count(1)


def make_category(*names: str) -> Category:
    """Return the category with these names from the top down."""
    with write_transaction() as session:
        return categories.get_or_create(session, names)


def make_product(
    title: str | None = None,
    *,
    category: Category | None = None,
    variants: Sequence[dict[str, Any]] = ({},),
    pictures: int = 0,
    **overrides: Any,
) -> Product:
    """Return a committed, active product with variants, stock, pictures and the list index.

    Each variant is a dict of Variant's fields, plus `on_hand`, `reserved` and `tracked` for its stock.
    """
    title = title or f"Teapot {next(_serial)}"
    fields: dict[str, Any] = {
        "slug": slugify(title),
        "title": title,
        "status": "active",
        "vendor": "Kiln Row",
    }
    with write_transaction() as session:
        product = Product(**fields | {"category_id": category.id if category else None} | overrides)
        session.add(product)
        product.images = [_image(place) for place in range(pictures)]
        for place, given in enumerate(variants):
            _variant(product, place, dict(given))
        writer.refresh(session, [product.id])
    return db.session.get_one(Product, product.id)


def _variant(product: Product, place: int, given: dict[str, Any]) -> None:
    stock = {
        name: given.pop(name) for name in ("on_hand", "reserved", "tracked", "low_threshold") if name in given
    }
    fields = {"sku": f"SKU-{next(_serial)}", "price": 1999, "position": place} | given
    variant = Variant(**fields)
    product.variants.append(variant)
    db.session.flush()
    item = {"on_hand": 20} | stock
    db.session.add(StockItem(sku=variant.sku, variant_id=variant.id, product_id=product.id, **item))


def _image(place: int) -> ProductImage:
    stored, files = _stored(place)
    for name, data in files.items():
        pictures.write_file(Path(current_app.config["MEDIA_DIR"]) / name, data)
    return ProductImage(
        position=place, alt="", digest=stored.digest, width=stored.width, height=stored.height
    )


@cache
def _stored(place: int) -> tuple[pictures.StoredPicture, dict[Path, bytes]]:
    """Store a picture as shops do, once for all of them; return its record and its files by their places."""
    with tempfile.TemporaryDirectory() as name:
        stored, folder = pictures.store(png(place), Path(name)), Path(name)
        files = (file for file in folder.rglob("*") if file.is_file())
        return stored, {file.relative_to(folder): file.read_bytes() for file in files}


@cache
def png(shade: int = 0, size: tuple[int, int] = (1200, 1200)) -> bytes:
    """Return a PNG picture; another shade gives another picture."""
    buffer = io.BytesIO()
    Image.linear_gradient("L").resize(size).point(lambda value: (value + shade * 7) % 256).save(buffer, "PNG")
    return buffer.getvalue()
