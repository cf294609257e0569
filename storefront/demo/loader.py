"""The demo catalogue, put into an empty shop in one transaction, its pictures drawn on all cores before."""

from __future__ import annotations

import multiprocessing
import os
import re
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import click
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from storefront.catalog import categories, pictures
from storefront.catalog.list_index import writer
from storefront.catalog.models import Product, ProductImage, Variant
from storefront.catalog.pictures import StoredPicture
from storefront.demo import catalogue, drawing
from storefront.demo.catalogue import DemoProduct
from storefront.errors import StorefrontError
from storefront.extensions import db, write_transaction
from storefront.money import minor_units
from storefront.stock import StockItem

Key = tuple[str, str, str, str, str]  # what a picture shows: form, material, pattern, colour, view


class NotEmptyError(StorefrontError):
    """The demo catalogue goes into an empty shop only."""

    def __init__(self) -> None:
        super().__init__(
            "There are products in this shop already, so the demo catalogue was not loaded. "
            "To add generated products, say how many: flask demo --products 1000"
        )


@dataclass(frozen=True, slots=True)
class Loaded:
    """What was loaded."""

    products: int
    variants: int
    pictures: int
    seconds: float


def is_empty(session: Session) -> bool:
    """Return whether there is no product at all in the shop, be it active or not."""
    return session.execute(select(Product.id).limit(1)).first() is None


def load(app: Flask, *, progress: bool) -> Loaded:
    """Put the demo catalogue into the empty shop; `progress` shows a bar while the pictures are drawn.

    Raises:
        NotEmptyError: there is a product in the shop; nothing has been changed.
    """
    began = time.perf_counter()
    if not is_empty(db.session()):
        raise NotEmptyError
    db.session.rollback()  # drawing takes seconds: no transaction stays open meanwhile
    products = catalogue.products()
    drawn = draw_all(shown(products), Path(app.config["MEDIA_DIR"]), progress=progress)
    with write_transaction() as session:
        if not is_empty(session):
            raise NotEmptyError
        ids = [_add(session, item, drawn, app.config["CURRENCY"]) for item in products]
        writer.refresh(session, ids)
    variants = sum(len(item.variants) for item in products)
    return Loaded(len(products), variants, len(drawn), time.perf_counter() - began)


def shown(products: list[DemoProduct]) -> list[Key]:
    """Return what there is to be drawn of these products, each picture once."""
    return list(dict.fromkeys(_key(item, *view) for item in products for view in item.pictures))


def draw_all(keys: list[Key], media_dir: Path, *, progress: bool) -> dict[Key, StoredPicture]:
    """Draw and store these pictures on all cores; those that are there already cost little."""
    media_dir.mkdir(parents=True, exist_ok=True)
    # Fresh interpreters, not forks: the parent may hold threads, locks and the embedded server's lock.
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(os.cpu_count(), mp_context=context) as pool:
        results = pool.map(_draw, keys, [media_dir] * len(keys), chunksize=4)
        with _bar(results, len(keys), progress) as stored:
            return dict(zip(keys, stored, strict=True))


def draw(key: Key) -> tuple[str, str]:
    """Return a picture as SVG, and the name that it is stored under.

    Named after the drawing: what is there need not be rendered again, by a second shop or after Ctrl-C.
    """
    form, material, pattern, colour, view = key
    svg = drawing.draw(form, material=material, colour=colour, pattern=pattern, view=view, seed=colour)
    return svg, pictures.name(svg.encode())


def _draw(key: Key, media_dir: Path) -> StoredPicture:
    svg, digest = draw(key)
    if pictures.is_stored(digest, drawing.SIZE, media_dir):
        return StoredPicture(digest, drawing.SIZE, drawing.SIZE)
    return pictures.store(drawing.render(svg), media_dir, digest=digest)


@contextmanager
def _bar(results: Iterator[StoredPicture], length: int, progress: bool) -> Iterator[Iterator[StoredPicture]]:
    if not progress:
        yield results
        return
    # No estimate: the interpreters start first, and from the few pictures of the first seconds it would say an hour.
    with click.progressbar(
        results, length=length, label="Drawing the pictures", show_eta=False, show_pos=True
    ) as bar:
        yield iter(bar)


def _key(item: DemoProduct, colour: str, view: str) -> Key:
    return (item.form, item.material, item.pattern, colour, view)


def _add(session: Session, item: DemoProduct, drawn: dict[Key, StoredPicture], currency: str) -> int:
    product = Product(
        slug=item.slug,
        title=item.title,
        description_html=item.text,
        vendor=item.vendor,
        product_type=item.product_type,
        tags=item.tags,
        status="active",
        option_names=item.options,
        seo_description=" ".join(re.sub(r"<[^>]+>", " ", item.text).split())[:155].rsplit(" ", 1)[0],
        category_id=categories.plant(session, item.category).id,
    )
    session.add(product)
    by_colour = {}
    for place, (colour, view) in enumerate(item.pictures, 1):
        stored = drawn[_key(item, colour, view)]
        image = ProductImage(
            position=place,
            alt=_alt(item, colour, view),
            source=f"{item.slug}-{colour}-{view}",
            digest=stored.digest,
            width=stored.width,
            height=stored.height,
        )
        product.images.append(image)
        if view == "front":
            by_colour[colour] = image
    session.flush()
    digits = minor_units(currency)
    for place, given in enumerate(item.variants, 1):
        options = (*given.options, "", "", "")[:3]
        variant = Variant(
            sku=given.sku,
            option1=options[0],
            option2=options[1],
            option3=options[2],
            price=int(given.price.scaleb(digits)),
            compare_at_price=int(given.was.scaleb(digits)) if given.was else None,
            barcode=given.barcode,
            weight_grams=given.grams,
            position=place,
            backorder=given.stock < 0,
            image=by_colour.get(given.colour),
        )
        product.variants.append(variant)
        session.flush()
        on_hand = max(given.stock, 0)
        session.add(StockItem(sku=given.sku, variant_id=variant.id, product_id=product.id, on_hand=on_hand))
    return product.id


def _alt(item: DemoProduct, colour: str, view: str) -> str:
    name = next((v.options[0] for v in item.variants if v.colour == colour and v.options), "")
    shown = f"{item.title}, {name}" if len(item.colours) > 1 and name else item.title
    return {"front": shown, "detail": f"{shown}, close up", "set": f"{item.title}, two together"}[view]
