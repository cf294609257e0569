"""Bring back variants and pictures that a change set has removed."""

from __future__ import annotations

from typing import Any

from storefront.catalog.models import ProductImage, Variant
from storefront.catalog.option_matrix import OPTION_COLUMNS
from storefront.change_sets.batch import Batch, BatchRow, LoadedProduct
from storefront.change_sets.changes import PictureChange, VariantChange
from storefront.change_sets.results import Left, PictureResult, VariantResult
from storefront.change_sets.variant_options import options_of


def restore_picture(
    batch: Batch, row: BatchRow, loaded: LoadedProduct, change: PictureChange, shown: PictureResult
) -> None:
    """Bring back a picture that a change set removed, with its file, and on the variants that showed it."""
    if change.source in loaded.pictures:
        row.result.not_undone.append(Left(change.source, "", "the product has this picture again"))
        return
    # With its old id it stands where it stood among pictures of the same position.
    values = dict(shown.file or {"width": 0, "height": 0})
    has_id = "id" in values and batch.session.get(ProductImage, values["id"]) is None
    if not has_id:
        values.pop("id", None)
    image = ProductImage(source=change.source, **values)
    loaded.product.images.append(image)
    if not has_id:
        batch.session.flush()  # before another picture comes back with the id that this one gets
    variants = loaded.variants
    for code in shown.shown_by:
        variant = variants.get(code)
        if variant is not None and variant.image is None:
            variant.image = image


def restore_variant(
    batch: Batch, row: BatchRow, loaded: LoadedProduct, change: VariantChange, result: VariantResult
) -> None:
    """Bring back a variant that a change set removed, with its code, options, picture and stock."""
    values: dict[str, Any] = {name: value.old for name, value in change.fields.items()}
    extra = {name.removeprefix("extra:"): kept for name, kept in values.items() if name.startswith("extra:")}
    columns = {name: value for name, value in values.items() if not name.startswith("extra:")}
    tracked = columns.pop("tracked", True)
    picture = loaded.pictures.get(columns.pop("picture", None) or "")
    options = tuple(columns.get(name) or "" for name in OPTION_COLUMNS)
    left = row.result.not_undone
    if change.sku in batch.taken:
        left.append(Left(change.sku, "", "another variant has this code now"))
    elif options in {options_of(variant) for variant in loaded.product.variants}:
        left.append(Left(change.sku, "", "another variant of the product has its options now"))
    else:
        variant = Variant(sku=change.sku, image=picture, extra=extra, **columns)
        loaded.product.variants.append(variant)
        batch.taken.add(change.sku)
        item = result.item or {"tracked": tracked, "on_hand": 0}
        batch.new_items.append((variant, dict(item)))
