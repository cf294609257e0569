"""Apply the changes of a batch of products."""

from __future__ import annotations

from storefront.catalog.models import ProductImage, Variant
from storefront.catalog.option_matrix import OPTION_COLUMNS
from storefront.change_sets.batch import Batch, BatchRow, LoadedProduct, StockWish
from storefront.change_sets.changes import PictureChange, VariantChange
from storefront.change_sets.creation import create_products, first_stock
from storefront.change_sets.removed_products import delete_rows
from storefront.change_sets.results import Left, PictureResult, VariantResult
from storefront.change_sets.row_fields import (
    PictureFields,
    ProductFields,
    describe_conflict,
    is_same,
    move_fields,
    new_values,
)
from storefront.change_sets.stock_changes import add_new_items, apply_wishes
from storefront.change_sets.variant_options import move_options, options_of
from storefront.stock.items import remove_items


def apply_batch(batch: Batch) -> None:
    """Apply the rows of a batch in its transaction; each row gets its result and its state."""
    variants = [variant for row in batch.rows for variant in row.change.variants]
    batch.load({v.sku for v in variants if v.action == "remove" or v.stock or "tracked" in v.fields})
    batch.find_taken({v.sku for v in variants if v.action == "create"})
    with batch.session.no_autoflush:
        create_products(batch, [row for row in batch.rows if row.change.action == "create"])
        delete_rows(batch, [row for row in batch.rows if row.change.action == "remove"])
        for row in batch.rows:
            if row.change.action == "update":
                _update(batch, row)
        batch.session.flush()
        add_new_items(batch)
        apply_wishes(batch, batch.change_set.kind)
    for row in batch.rows:
        row.state = "skipped" if row.result.did_nothing else "applied"


def _update(batch: Batch, row: BatchRow) -> None:
    loaded = batch.products.get(row.product_id or 0)
    if loaded is None:
        row.result.left.append(Left("", "", "the product was deleted"))
        return
    for picture in row.change.pictures:
        if picture.action != "remove":
            _write_picture(batch, row, loaded, picture)
    _remove_variants(batch, row, loaded)
    _update_variants(batch, row, loaded)
    for picture in row.change.pictures:
        if picture.action == "remove":
            _remove_picture(row, loaded, picture)
    fields = ProductFields(batch.session, loaded.product, batch.names)
    row.result.done = move_fields(fields, row.change.fields, "", row.result.left)
    batch.touched.add(loaded.product.id)


def _write_picture(batch: Batch, row: BatchRow, loaded: LoadedProduct, change: PictureChange) -> None:
    image = loaded.pictures.get(change.source)
    if image is not None:
        done = move_fields(PictureFields(image), change.fields, change.source, row.result.left)
        if done:
            row.result.pictures[change.source] = PictureResult(done=done)
    elif change.action == "update":
        row.result.left.append(Left(change.source, "", "the product does not have this picture any more"))
        return
    else:
        values, extra = new_values(change.fields)
        known = {name: value for name, value in values.items() if value is not None}
        image = ProductImage(
            **{"position": len(loaded.product.images) + 1, "alt": ""} | known,
            source=change.source,
            extra=extra,
            width=0,
            height=0,
        )
        loaded.product.images.append(image)
        row.result.pictures[change.source] = PictureResult()
    if image.digest is None:
        batch.store_picture(image, row.change.line)


def _remove_picture(row: BatchRow, loaded: LoadedProduct, change: PictureChange) -> None:
    image = loaded.pictures.get(change.source)
    if image is None:
        return
    fields = PictureFields(image)
    for name, value in change.fields.items():
        if not is_same(fields.get(name), value.old):
            row.result.left.append(describe_conflict(change.source, name, fields.get(name), value))
            return
    showing = [variant for variant in loaded.product.variants if variant.image is image]
    file = {"digest": image.digest, "width": image.width, "height": image.height, "extra": image.extra}
    file |= {"id": image.id, "position": image.position, "alt": image.alt}
    row.result.pictures[change.source] = PictureResult(file=file, shown_by=[v.sku for v in showing])
    for variant in showing:
        variant.image = None
    loaded.product.images.remove(image)


def _remove_variants(batch: Batch, row: BatchRow, loaded: LoadedProduct) -> None:
    removed, variants = [], loaded.variants
    for change in row.change.variants:
        variant = variants.get(change.sku) if change.action == "remove" else None
        if variant is None:
            continue
        if reason := _why_kept(loaded, variant, change):
            row.result.left.append(reason)
            continue
        item = loaded.items.pop(change.sku, None)
        if item is not None:
            kept = {
                "tracked": item.tracked,
                "on_hand": item.on_hand,
                "low_threshold": item.low_threshold,
            }
            batch.session.expunge(item)
        row.result.variants[change.sku] = VariantResult(item=kept if item is not None else None)
        loaded.product.variants.remove(variant)
        removed.append(change.sku)
    if removed:
        reference, reason_text = batch.change_set.reference, batch.change_set.kind
        remove_items(batch.session, removed, reason=reason_text, reference=reference)
        batch.session.flush()  # frees their codes and options for other variants


def _why_kept(loaded: LoadedProduct, variant: Variant, change: VariantChange) -> Left | None:
    """Return why a variant is not removed; None if it can be."""
    item = loaded.items.get(variant.sku)
    if item is not None and item.reserved:
        reason = f"{item.reserved} are reserved for orders and shoppers, so the variant was left"
        return Left(variant.sku, "", reason)
    fields = loaded.fields_of(variant)
    for name, value in change.fields.items():
        if not is_same(fields.get(name), value.old):
            return describe_conflict(variant.sku, name, fields.get(name), value)
    return None


def _update_variants(batch: Batch, row: BatchRow, loaded: LoadedProduct) -> None:
    variants, left = loaded.variants, row.result.left
    updates = {}
    for change in row.change.variants:
        if change.action == "update" and change.sku in variants:
            updates[change.sku] = change
        elif change.action == "update":
            left.append(Left(change.sku, "", "the product does not have this variant any more"))
    options = {
        code: {name: value for name, value in change.fields.items() if name in OPTION_COLUMNS}
        for code, change in updates.items()
    }
    moved = move_options(batch.session, variants, options, left) if any(options.values()) else {}
    for change in row.change.variants:
        if change.action == "create":
            _create_variant(batch, row, loaded, change)
    for code, change in updates.items():
        others = {name: value for name, value in change.fields.items() if name not in OPTION_COLUMNS}
        done = moved.get(code, []) + move_fields(loaded.fields_of(variants[code]), others, code, left)
        result = VariantResult(done=done)
        if change.stock is not None:
            batch.wishes.append(StockWish(code, change.stock, result, left))
        if done or change.stock is not None:
            row.result.variants[code] = result


def _create_variant(batch: Batch, row: BatchRow, loaded: LoadedProduct, change: VariantChange) -> None:
    values, extra = new_values(change.fields)
    picture = loaded.pictures.get(values.pop("picture", None) or "")
    values.pop("tracked", None)
    options = tuple(values.get(name) or "" for name in OPTION_COLUMNS)
    if change.sku in batch.taken:
        row.result.left.append(Left(change.sku, "", "another variant has this code"))
    elif options in {options_of(variant) for variant in loaded.product.variants}:
        row.result.left.append(Left(change.sku, "", "another variant of the product has these options"))
    else:
        last = max((variant.position for variant in loaded.product.variants), default=0)
        own = {"label": change.sku, "position": last + 1} | values
        variant = Variant(sku=change.sku, image=picture, extra=extra, **own)
        loaded.product.variants.append(variant)
        batch.taken.add(change.sku)
        batch.new_items.append((variant, first_stock(change)))
        row.result.variants[change.sku] = VariantResult()
