"""Delete products, variants and pictures that a change set has created, if nobody has changed or used them since."""

from __future__ import annotations

from collections.abc import Sequence

from storefront.catalog.models import ProductImage, Variant
from storefront.change_sets.batch import Batch, BatchRow, LoadedProduct
from storefront.change_sets.changes import PictureChange, ProductChange, VariantChange
from storefront.change_sets.codes import find_needed_codes
from storefront.change_sets.creation import first_stock
from storefront.change_sets.product_deletion import remove_products
from storefront.change_sets.results import Left
from storefront.change_sets.row_fields import PictureFields, ProductFields, first_changed
from storefront.change_sets.stock_changes import UNDO
from storefront.extensions import connection_of


def find_used(batch: Batch) -> set[str]:
    """Return those codes that the rows of a batch have created and that orders or shoppers use."""
    codes = {
        change.sku
        for row in batch.rows
        for change in row.change.variants
        if change.action == "create" and change.sku in row.result.variants
    }
    return find_needed_codes(connection_of(batch.session), codes)


def why_variant_kept(loaded: LoadedProduct, variant: Variant, change: VariantChange, used: set[str]) -> str:
    """Return why a variant that was created is kept; empty if it can be removed."""
    item, first = loaded.items.get(variant.sku), first_stock(change)
    if variant.sku in used or (item is not None and item.reserved):
        return "it was ordered since, so it was left"
    if item is not None and item.on_hand != first["on_hand"]:
        return f"its stock is {item.on_hand} now, not {first['on_hand']}, so it was left"
    changed = first_changed(loaded.fields_of(variant), variant, change.fields)
    return f"its {changed} was changed since, so it was left" if changed else ""


def why_picture_kept(loaded: LoadedProduct, image: ProductImage, change: PictureChange) -> str:
    """Return why a picture that was created is kept; empty if it can be removed."""
    if changed := first_changed(PictureFields(image), image, change.fields):
        return f"its {changed} was changed since, so it was left"
    showing = [variant.sku for variant in loaded.product.variants if variant.image is image]
    return f"the variant {showing[0]} shows it, so the picture was left" if showing else ""


def delete_products(batch: Batch, rows: Sequence[BatchRow], used: set[str]) -> None:
    """Delete the products of these rows, except those that somebody needs or has changed."""
    deleted = []
    for row in rows:
        loaded = batch.products.get(row.product_id or 0)
        if loaded is None:
            continue  # somebody has deleted it: that is undone
        reason = why_product_kept(batch, row.change, loaded, used) or _why_kept_for_pictures(row, loaded)
        if reason:
            row.result.not_undone.append(Left("", "", f"{reason}; archive or delete it yourself"))
        else:
            deleted.append(loaded)
    if not deleted:
        return
    remove_products(
        batch.session,
        [loaded.product for loaded in deleted],
        [item for loaded in deleted for item in loaded.items.values()],
        reason=UNDO,
        reference=batch.change_set.reference,
    )


def why_product_kept(batch: Batch, change: ProductChange, loaded: LoadedProduct, used: set[str]) -> str:
    """Return why a product that a change has created is kept, but for its pictures; empty if it can be deleted."""
    fields = ProductFields(batch.session, loaded.product, batch.names)
    if changed := first_changed(fields, loaded.product, change.fields):
        return f"its {changed} was changed since, so the product was left"
    changes = {variant.sku: variant for variant in change.variants}
    for code, variant in loaded.variants.items():
        if code not in changes:
            return f"it has the new variant {code}, so the product was left"
        if reason := why_variant_kept(loaded, variant, changes[code], used):
            return f"{code}: {reason.removesuffix(', so it was left')}, so the product was left"
    return ""


def _why_kept_for_pictures(row: BatchRow, loaded: LoadedProduct) -> str:
    changes = {change.source: change for change in row.change.pictures}
    for image in loaded.product.images:
        if image.source not in changes:
            return "it has a new picture, so the product was left"
        if changed := first_changed(PictureFields(image), image, changes[image.source].fields):
            return f"{image.source}: its {changed} was changed since, so the product was left"
    return ""
