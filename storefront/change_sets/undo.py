"""Undo the changes of a batch of products: what nobody has changed since is put back, the rest is left and listed."""

from __future__ import annotations

from storefront.catalog.option_matrix import OPTION_COLUMNS
from storefront.change_sets.batch import Batch, BatchRow, LoadedProduct, StockWish
from storefront.change_sets.changes import PictureChange, VariantChange
from storefront.change_sets.creation_undo import (
    delete_products,
    find_used,
    why_picture_kept,
    why_variant_kept,
)
from storefront.change_sets.removed_parts import restore_picture, restore_variant
from storefront.change_sets.removed_products import restore_product
from storefront.change_sets.results import Left, PictureResult, VariantResult
from storefront.change_sets.row_fields import PictureFields, ProductFields, move_fields, swap
from storefront.change_sets.stock_changes import UNDO, add_new_items, opposite, undo_stock
from storefront.change_sets.variant_options import move_options
from storefront.stock.items import remove_items


def undo_batch(batch: Batch) -> None:
    """Undo the rows of a batch in its transaction; each row gets what was left and its state."""
    results = [(code, result) for row in batch.rows for code, result in row.result.variants.items()]
    batch.load({code for code, _ in results})
    batch.find_taken({code for code, _ in results})
    used = find_used(batch)
    wishes: list[StockWish] = []
    with batch.session.no_autoflush:
        delete_products(batch, [row for row in batch.rows if row.change.action == "create"], used)
        for row in batch.rows:
            if row.change.action == "remove":
                restore_product(batch, row)
            elif row.change.action == "update":
                _undo_update(batch, row, used, wishes)
        batch.session.flush()
        add_new_items(batch)
        undo_stock(batch, wishes)
    for row in batch.rows:
        row.state = "left" if row.result.not_undone else "undone"


def _undo_update(batch: Batch, row: BatchRow, used: set[str], wishes: list[StockWish]) -> None:
    loaded = batch.products.get(row.product_id or 0)
    if loaded is None:
        row.result.not_undone.append(Left("", "", "the product was deleted"))
        return
    pictures = [
        (p, row.result.pictures[p.source]) for p in row.change.pictures if p.source in row.result.pictures
    ]
    variants = [(v, row.result.variants[v.sku]) for v in row.change.variants if v.sku in row.result.variants]
    for picture, shown in pictures:
        if picture.action == "remove":
            restore_picture(batch, row, loaded, picture, shown)
    _remove_created(batch, row, loaded, [v for v, _ in variants if v.action == "create"], used)
    _undo_variants(batch, row, loaded, variants, wishes)
    for picture, shown in pictures:
        if picture.action != "remove":
            _undo_picture(row, loaded, picture, shown)
    fields = ProductFields(batch.session, loaded.product, batch.names)
    move_fields(fields, swap(row.change.fields, row.result.done), "", row.result.not_undone)
    batch.touched.add(loaded.product.id)


def _undo_picture(row: BatchRow, loaded: LoadedProduct, change: PictureChange, shown: PictureResult) -> None:
    image = loaded.pictures.get(change.source)
    if image is None:
        if change.action == "update":
            row.result.not_undone.append(Left(change.source, "", "the picture was removed"))
        return
    if change.action == "update" or shown.done:  # or the product had the picture when it was to be created
        fields = PictureFields(image)
        move_fields(fields, swap(change.fields, shown.done), change.source, row.result.not_undone)
    elif reason := why_picture_kept(loaded, image, change):
        row.result.not_undone.append(Left(change.source, "", reason))
    else:
        loaded.product.images.remove(image)


def _remove_created(
    batch: Batch, row: BatchRow, loaded: LoadedProduct, changes: list[VariantChange], used: set[str]
) -> None:
    removed, variants = [], loaded.variants
    for change in changes:
        variant = variants.get(change.sku)
        if variant is None:
            continue
        if reason := why_variant_kept(loaded, variant, change, used):
            row.result.not_undone.append(Left(change.sku, "", reason))
            continue
        if (item := loaded.items.pop(change.sku, None)) is not None:
            batch.session.expunge(item)
        loaded.product.variants.remove(variant)
        removed.append(change.sku)
    if removed:
        remove_items(batch.session, removed, reason=UNDO, reference=batch.change_set.reference)
        batch.session.flush()  # frees their codes and options for other variants


def _undo_variants(
    batch: Batch,
    row: BatchRow,
    loaded: LoadedProduct,
    changes: list[tuple[VariantChange, VariantResult]],
    wishes: list[StockWish],
) -> None:
    left, variants = row.result.not_undone, loaded.variants
    updates = [(change, result) for change, result in changes if change.action == "update"]
    for change, _ in updates:
        if change.sku not in variants:
            left.append(Left(change.sku, "", "the variant was removed since"))
    updates = [(change, result) for change, result in updates if change.sku in variants]
    options = {c.sku: swap(c.fields, (n for n in r.done if n in OPTION_COLUMNS)) for c, r in updates}
    if any(options.values()):
        move_options(batch.session, variants, options, left)
    for change, result in changes:
        if change.action == "remove":
            restore_variant(batch, row, loaded, change, result)
    for change, result in updates:
        others = swap(change.fields, (n for n in result.done if n not in OPTION_COLUMNS))
        move_fields(loaded.fields_of(variants[change.sku]), others, change.sku, left)
        if result.stock:
            wishes.append(StockWish(change.sku, opposite(result.stock), VariantResult(), left))
