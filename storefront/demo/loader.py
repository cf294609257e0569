"""Load the demo catalogue into an empty shop, in one transaction."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from storefront import shop_settings
from storefront.catalog import categories, picture_queue, pictures
from storefront.catalog.list_index import writer
from storefront.catalog.models import Product, ProductImage, Variant
from storefront.catalog.pictures import StoredPicture
from storefront.demo import catalogue, choice
from storefront.demo.catalogue import DemoPicture, DemoProduct, DemoVariant
from storefront.errors import StorefrontError
from storefront.extensions import db, write_transaction
from storefront.money import minor_units
from storefront.stock import StockItem
from storefront.terminal import Progress
from storefront.unicode_text import shorten

_DESCRIPTION_LENGTH = 155  # characters: search engines cut off what is longer


class NotEmptyError(StorefrontError):
    """The shop has products; the demo catalogue is loaded into an empty shop only."""

    def __init__(self) -> None:
        super().__init__(
            "There are products in this shop already, so the demo catalogue was not loaded. "
            "To add generated products, say how many: flask demo --products 1000"
        )


@dataclass(frozen=True, slots=True)
class LoadResult:
    """How many rows were loaded, and in how many seconds."""

    products: int
    variants: int
    pictures: int
    seconds: float


def is_empty(session: Session) -> bool:
    """Return whether the shop has no product at all, active or not."""
    return session.execute(select(Product.id).limit(1)).first() is None


def load(app: Flask, progress: Progress | None = None) -> LoadResult:
    """Load the demo catalogue with its pictures into the empty shop, and record that choice.

    Args:
        app: the shop.
        progress: takes how many pictures are stored, and how many there are.

    Raises:
        NotEmptyError: the shop has a product; nothing has been changed.
    """
    started = time.perf_counter()
    if not is_empty(db.session()):
        raise NotEmptyError
    db.session.rollback()  # storing the pictures takes seconds: no transaction stays open meanwhile
    products = catalogue.read_products()
    stored = store_pictures(catalogue.list_pictures(products), Path(app.config["MEDIA_DIR"]), progress)
    with write_transaction() as session:
        if not is_empty(session):
            raise NotEmptyError
        ids = [_add_product(session, item, stored, shop_settings.current().currency) for item in products]
        writer.refresh(session, ids)
        choice.record_choice(session, "loaded")
        # The newest first, each with its cover: the front page and the first list show those.
        views = sorted(
            (place, -number, p)
            for number, item in enumerate(products)
            for place, p in enumerate(item.pictures)
        )
        picture_queue.enqueue(session, (stored[p].digest for _, _, p in views))
    variants = sum(len(item.variants) for item in products)
    return LoadResult(len(products), variants, len(stored), time.perf_counter() - started)


def store_pictures(
    wanted: Sequence[DemoPicture], media_dir: Path, progress: Progress | None = None
) -> dict[DemoPicture, StoredPicture]:
    """Store these pictures on all cores; a picture that is stored already costs little."""

    def store(picture: DemoPicture) -> StoredPicture:
        return pictures.store(picture.file.read_bytes(), media_dir, finished=True)

    # Threads are enough: Pillow lets others run while it decodes, resizes and encodes.
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        stored = {}
        for picture, result in zip(wanted, pool.map(store, wanted), strict=True):
            stored[picture] = result
            if progress is not None:
                progress(len(stored), len(wanted))
        return stored


def describe_product(
    item: DemoProduct, digits: int, stored: Mapping[DemoPicture, StoredPicture] | None = None
) -> Product:
    """Return a product of the demo as it is loaded, outside any session, without its category.

    Args:
        item: the product.
        digits: decimal places of the shop's currency.
        stored: its pictures' files; without them the product's pictures have none.
    """
    product = Product(
        slug=item.slug,
        title=item.title,
        description_html=item.text,
        vendor=item.vendor,
        product_type=item.product_type,
        tags=item.tags,
        status="active",
        option_names=item.options,
        seo_description=_seo_description(item.text),
    )
    by_colour = {}
    for position, picture in enumerate(item.pictures, 1):
        image = _image(item, picture, stored[picture] if stored else None, position)
        product.images.append(image)
        if picture.view == "front":
            by_colour[picture.colour] = image
    for position, given in enumerate(item.variants, 1):
        product.variants.append(_variant(given, position, digits, by_colour.get(given.colour)))
    return product


def _add_product(
    session: Session, item: DemoProduct, stored: dict[DemoPicture, StoredPicture], currency: str
) -> int:
    product = describe_product(item, minor_units(currency), stored)
    product.category_id = categories.get_or_create(session, item.category).id
    session.add(product)
    session.flush()
    for given, variant in zip(item.variants, product.variants, strict=True):
        on_hand = max(given.stock, 0)
        session.add(StockItem(sku=given.sku, variant_id=variant.id, product_id=product.id, on_hand=on_hand))
    return product.id


def _seo_description(html: str) -> str:
    text = " ".join(re.sub(r"<[^>]+>", " ", html).split())
    return shorten(text, _DESCRIPTION_LENGTH)


def _image(
    item: DemoProduct, picture: DemoPicture, stored: StoredPicture | None, position: int
) -> ProductImage:
    return ProductImage(
        position=position,
        alt=_alternative_text(item, picture),
        source=f"{item.slug}-{picture.colour}-{picture.view}",
        digest=stored.digest if stored else None,
        width=stored.width if stored else 0,
        height=stored.height if stored else 0,
    )


def _alternative_text(item: DemoProduct, picture: DemoPicture) -> str:
    name = next((v.options[0] for v in item.variants if v.colour == picture.colour and v.options), "")
    subject = f"{item.title}, {name}" if len(item.colours) > 1 and name else item.title
    texts = {"front": subject, "detail": f"{subject}, close up", "set": f"{item.title}, two together"}
    return texts[picture.view]


def _variant(given: DemoVariant, position: int, digits: int, image: ProductImage | None) -> Variant:
    option1, option2, option3 = (*given.options, "", "", "")[:3]
    return Variant(
        sku=given.sku,
        option1=option1,
        option2=option2,
        option3=option3,
        price=int(given.price.scaleb(digits)),
        compare_at_price=int(given.was.scaleb(digits)) if given.was else None,
        barcode=given.barcode,
        weight_grams=given.grams,
        position=position,
        backorder=given.stock < 0,
        image=image,
    )
