"""Changes a product by one request: under a lock, completely or not at all."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from msgspec import UNSET
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from storefront import stock
from storefront.api import product_reader
from storefront.api.problems import ProblemError
from storefront.api.product_writer import totals, validation, variants
from storefront.api.product_writer.locked_product import LockedProduct, lock_product
from storefront.api.schemas import Fault, Product, ProductPatch, ProductPut
from storefront.api.tokens import Caller
from storefront.catalog import models, slug_change
from storefront.catalog.html_sanitiser import sanitise
from storefront.catalog.list_index import product_update
from storefront.extensions import write_transaction

# Raises ProblemError if the product is not in the expected state. Arguments: the product as the public sees it (None
# if the public cannot see it), and as the caller sees it.
Precondition = Callable[[Product | None, Product], None]


def change_product(
    product_id: int, body: ProductPut | ProductPatch, caller: Caller, condition: Precondition
) -> Product:
    """Apply a request's body to a product; return the product as the caller may see it.

    Raises:
        ProblemError: 409, 412 or 422; the text and the faults say why. Nothing is changed then.
        NotInShopError: the product does not exist.
    """
    display = product_reader.stock_display_for(caller)
    try:
        with write_transaction() as session:
            loaded = lock_product(session, product_id)
            row = loaded.row
            shown = row.status == "active" and not row.unlisted and bool(loaded.variants)
            public = loaded.build_product(stock.public_display()) if shown else None
            condition(public, loaded.build_product(display))
            _apply_changes(session, loaded, body)
            return loaded.build_product(display)
    except IntegrityError as error:
        raise ProblemError(
            409, "Another product has this slug or SKU, or two variants would have the same options."
        ) from error


def _apply_changes(session: Session, loaded: LockedProduct, body: ProductPut | ProductPatch) -> None:
    """Change the rows, and update the list index and the search index."""
    row = loaded.row
    before = _snapshot(loaded)
    is_put = isinstance(body, ProductPut)
    validation.validate(loaded, body, may_add=is_put)
    for name in ("title", "status", "unlisted", "vendor"):
        if (value := getattr(body, name)) is not UNSET and getattr(row, name) != value:
            setattr(row, name, value)
    if body.description_html is not UNSET and row.description_html != body.description_html:
        row.description_html = sanitise(str(body.description_html))
    _change_category(session, loaded, body.category)
    if body.slug is not None:
        slug_change.change_slug(session, row, body.slug)
    option_names = variants.resolve_option_names(loaded, body)
    if is_put:
        variants.remove_unnamed(session, loaded, body)
    variants.free_swapped_options(session, loaded, body, option_names)
    for number, variant in enumerate(body.variants):
        variants.write_variant(session, loaded, variant, option_names, number)
    totals.apply_totals(loaded, body)
    product_update.set_prices(row, list(loaded.variants.values()))
    session.flush()
    totals.apply_stock(session, loaded)
    product_update.update(session, before, _snapshot(loaded))


def _snapshot(loaded: LockedProduct) -> product_update.Snapshot:
    return product_update.snapshot(loaded.row, list(loaded.variants.values()), loaded.category)


def _change_category(session: Session, loaded: LockedProduct, category: Any) -> None:
    if category is UNSET or (category.path if category else None) == loaded.category[0]:
        return
    if category is None:
        loaded.row.category_id, loaded.category = None, (None, None)
        return
    query = select(models.Category.id, models.Category.name).where(models.Category.path == category.path)
    with session.no_autoflush:  # so that the product's row is written once
        found = session.execute(query).one_or_none()
    if found is None:
        raise ProblemError(
            422, "There is no such category.", Fault("No category has this path.", "/category/path")
        )
    loaded.row.category_id, loaded.category = found.id, (category.path, found.name)
