"""Creates or changes a product: under a lock, completely or not at all. The API and the back office write through it.

with write_transaction() as session:
    loaded = lock_product(session, product_id)
    write_product(session, loaded, ProductEdit(values={"title": "Cup"}))
"""

from __future__ import annotations

from dataclasses import replace

from sqlalchemy.orm import Session

from storefront.catalog import slug_change
from storefront.catalog.html_sanitiser import sanitise
from storefront.catalog.list_index import product_update
from storefront.catalog.product_writer import placement, totals, validation, variants, written_pictures
from storefront.catalog.product_writer.edit_references import find_redirects
from storefront.catalog.product_writer.locked_product import LockedProduct, lock_product, read_product
from storefront.catalog.product_writer.product_creation import add_draft
from storefront.catalog.product_writer.product_edit import (
    EditFault,
    PictureEdit,
    ProductEdit,
    ProductRefusedError,
    VariantEdit,
)
from storefront.catalog.publication import set_status

__all__ = (
    "EditFault",
    "LockedProduct",
    "PictureEdit",
    "ProductEdit",
    "ProductRefusedError",
    "VariantEdit",
    "create_product",
    "lock_product",
    "read_product",
    "write_product",
)


def create_product(session: Session, edit: ProductEdit) -> LockedProduct:
    """Create the product that a whole edit describes; without an address it gets a free one made of its title.

    Raises:
        ProductRefusedError, StorefrontError, IntegrityError: as `write_product`.
    """
    loaded = add_draft(session, edit)
    write_product(session, loaded, replace(edit, slug=None))
    return loaded


def write_product(session: Session, loaded: LockedProduct, edit: ProductEdit) -> None:
    """Apply an edit to a locked product: its rows, its stock, the list index and the search index.

    Raises:
        ProductRefusedError: 409 or 422; the text and the faults say why.
        StorefrontError: the stock cannot become what the edit wants.
        IntegrityError: another product has this slug or SKU, or two variants would have the same options.
    """
    row = loaded.row
    before = _snapshot(loaded)
    validation.validate(loaded, edit)
    set_status(row, edit.values.get("status", row.status))  # before plans, since it may end present ones
    for name, value in edit.values.items():
        if name != "status" and getattr(row, name) != value:
            setattr(row, name, sanitise(str(value)) if name == "description_html" else value)
    placement.place(session, loaded, edit)
    if edit.slug is not None and edit.slug != row.slug:
        redirects = find_redirects(session, row, edit.slug)
        slug_change.change_slug(session, row, edit.slug, redirects)
    option_names = variants.resolve_option_names(loaded, edit)
    if edit.is_whole:
        variants.remove_unnamed(session, loaded, edit)
    variants.free_swapped_options(session, loaded, edit, option_names)
    variants.add_variants(session, loaded, edit, option_names)
    for variant in edit.variants:
        variants.write_variant(loaded, variant, option_names)
    variants.write_same_columns(loaded)
    if edit.pictures is not None:
        written_pictures.write_pictures(session, loaded, edit.pictures)
    totals.apply_totals(loaded, edit)
    product_update.set_prices(row, list(loaded.variants.values()))
    session.flush()
    totals.apply_stock(session, loaded, edit.reason)
    product_update.update(session, before, _snapshot(loaded), has_collections=loaded.has_collections)


def _snapshot(loaded: LockedProduct) -> product_update.Snapshot:
    variants = list(loaded.variants.values())
    return product_update.snapshot(loaded.row, variants, loaded.category, loaded.further)
