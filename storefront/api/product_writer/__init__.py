"""Changing a product by one request: all of it or nothing, under a lock, by the models' and the stock's own verbs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from msgspec import UNSET
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from storefront import stock
from storefront.api import product_reader
from storefront.api.problems import RefusedError
from storefront.api.product_writer import totals, validation, variants
from storefront.api.product_writer.locked_product import Loaded, load
from storefront.api.schemas import Fault, Product, ProductPatch, ProductPut
from storefront.api.tokens import Caller
from storefront.catalog import models
from storefront.catalog.html_sanitiser import sanitise
from storefront.catalog.list_index import product_update
from storefront.extensions import write_transaction

# Given the product as everybody and as the caller sees it (None: not at all); refuses what it was not made for.
Condition = Callable[[Product | None, Product], None]


def change(
    product_id: int, given: ProductPut | ProductPatch, caller: Caller, condition: Condition
) -> Product:
    """Make a product what is given; return it as the caller may see it.

    Raises:
        RefusedError: 409, 412 or 422; the text and the faults say why. Nothing has been changed.
        NotInShopError: there is no such product.
    """
    display = product_reader.display_for(caller)
    try:
        with write_transaction() as session:
            loaded = load(session, product_id)
            shown = loaded.row.status == "active" and bool(loaded.variants)
            public = loaded.document(stock.public_display()) if shown else None
            condition(public, loaded.document(display))
            _apply(session, loaded, given, caller)
            return loaded.document(display)
    except IntegrityError as error:
        raise RefusedError(
            409, "A slug or SKU is another product's already, or two variants would have the same options."
        ) from error


def _apply(session: Session, loaded: Loaded, given: ProductPut | ProductPatch, caller: Caller) -> None:
    """Change the rows, and what lists and search say of them."""
    row = loaded.row
    before = _snapshot(loaded)
    whole = isinstance(given, ProductPut)
    validation.check(loaded, given, whole=whole)
    for name in ("title", "status", "vendor"):
        if (value := getattr(given, name)) is not UNSET and getattr(row, name) != value:
            setattr(row, name, value)
    if given.description_html is not UNSET and row.description_html != given.description_html:
        row.description_html = sanitise(str(given.description_html))
    _categorise(session, loaded, given.category)
    _rename(session, row, given.slug)
    places = variants.options(loaded, given)
    if whole:
        variants.remove(session, loaded, given)
    variants.part(session, loaded, given, places)
    for number, wanted in enumerate(given.variants):
        variants.vary(session, loaded, wanted, places, number)
    totals.settle(loaded, given)
    product_update.set_prices(row, list(loaded.variants.values()))
    session.flush()
    totals.restock(session, loaded, caller)
    product_update.update(session, before, _snapshot(loaded))


def _snapshot(loaded: Loaded) -> product_update.Snapshot:
    return product_update.snapshot(loaded.row, list(loaded.variants.values()), loaded.category)


def _categorise(session: Session, loaded: Loaded, given: Any) -> None:
    if given is UNSET or (given.path if given else None) == loaded.category[0]:
        return
    if given is None:
        loaded.row.category_id, loaded.category = None, (None, None)
        return
    wanted = select(models.Category.id, models.Category.name).where(models.Category.path == given.path)
    with session.no_autoflush:  # the product's row is written once
        found = session.execute(wanted).one_or_none()
    if found is None:
        raise RefusedError(
            422, "There is no such category.", Fault("No category has this path.", "/category/path")
        )
    loaded.row.category_id, loaded.category = found.id, (given.path, found.name)


def _rename(session: Session, row: models.Product, slug: str | None) -> None:
    """Give the product another slug; the old one leads to it from now on."""
    if slug is None or slug == row.slug:
        return
    kept = select(models.ProductRedirect).where(models.ProductRedirect.slug.in_((slug, row.slug)))
    with session.no_autoflush:
        redirects = {found.slug: found for found in session.execute(kept).scalars()}
    if (stale := redirects.get(slug)) is not None:
        session.delete(stale)
    if (earlier := redirects.get(row.slug)) is None:
        session.add(models.ProductRedirect(slug=row.slug, product_id=row.id))
    else:
        earlier.product_id = row.id
    row.slug = slug
