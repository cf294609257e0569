"""Delete products that were never sold, as a change set says, and bring them back.

A row that removes a product holds all its values, so that it is the opposite of a row that creates one: the same
conditions hold for taking a created product back.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from storefront.catalog.models import Product, ProductImage, ProductRedirect
from storefront.change_sets.batch import Batch, BatchRow, LoadedProduct
from storefront.change_sets.changes import ProductChange, StockChange, VariantChange
from storefront.change_sets.codes import find_needed_codes
from storefront.change_sets.creation_undo import why_product_kept
from storefront.change_sets.product_deletion import NEEDED, remove_products
from storefront.change_sets.removed_parts import restore_variant
from storefront.change_sets.results import Left, VariantResult
from storefront.change_sets.row_fields import swap
from storefront.extensions import connection_of, moment_text

# What an undo needs of pictures and stock.
_PICTURE = ("id", "position", "alt", "source", "digest", "width", "height", "extra")
_STOCK = ("tracked", "on_hand", "low_threshold")


def delete_rows(batch: Batch, rows: Sequence[BatchRow]) -> None:
    """Delete the products of these rows, except those that somebody needs or has changed."""
    found = [(row, loaded) for row in rows if (loaded := batch.products.get(row.product_id or 0))]
    codes = {code for _, loaded in found for code in loaded.variants}
    needed = find_needed_codes(connection_of(batch.session), codes)
    redirects = _read_redirects(batch, [loaded.product.id for _, loaded in found])
    deleted: list[LoadedProduct] = []
    for row in rows:
        kept = batch.products.get(row.product_id or 0)
        if kept is None:
            row.result.left.append(Left("", "", "it was deleted already"))
        elif reason := _why_kept(batch, row, kept, needed):
            row.result.left.append(Left("", "", reason))
        else:
            _keep_parts(row, kept, redirects.get(kept.product.id, []))
            deleted.append(kept)
    if deleted:
        remove_products(
            batch.session,
            [loaded.product for loaded in deleted],
            [item for loaded in deleted for item in loaded.items.values()],
            reason=batch.change_set.kind,
            reference=batch.change_set.reference,
        )


def restore_product(batch: Batch, row: BatchRow) -> None:
    """Bring back a deleted product: at its address, with its number if no other product has it."""
    session, kept = batch.session, row.result.product
    if kept is None:
        return
    if session.execute(select(Product.id).where(Product.slug == row.change.slug)).first():
        reason = f"another product has the address {row.change.slug!r} now, so it was not brought back"
        row.result.not_undone.append(Left("", "", reason))
        return
    values: dict[str, Any] = {name: change.old for name, change in row.change.fields.items()}
    extra = {name.removeprefix("extra:"): text for name, text in values.items() if name.startswith("extra:")}
    columns = {name: value for name, value in values.items() if not name.startswith("extra:")}
    category_id = batch.names.id_of(columns.pop("category", None))
    columns["further_category_ids"] = batch.names.ids_of(columns.pop("further_categories", None))
    created_at = datetime.fromisoformat(kept["created_at"])
    product = Product(
        slug=row.change.slug, category_id=category_id, extra=extra, created_at=created_at, **columns
    )
    if session.get(Product, kept["id"]) is None:
        product.id = kept["id"]
    session.add(product)
    session.execute(delete(ProductRedirect).where(ProductRedirect.slug == row.change.slug))
    session.flush()
    _restore_parts(batch, row, LoadedProduct(product, {}), kept)
    row.product_id = product.id
    batch.touched.add(product.id)


def _restore_parts(batch: Batch, row: BatchRow, loaded: LoadedProduct, kept: dict[str, Any]) -> None:
    pictures = {values["id"]: _restore_picture(batch.session, values) for values in kept["pictures"]}
    loaded.product.images.extend(pictures.values())
    batch.session.flush()
    for change in row.change.variants:
        restore_variant(batch, row, loaded, change, row.result.variants[change.sku])
    for code, variant in loaded.variants.items():
        variant.image = pictures.get(kept["shown"].get(code))
    redirects = kept["redirects"]
    taken = set(
        batch.session.execute(
            select(ProductRedirect.slug)
            .where(ProductRedirect.slug.in_(redirects))
            .union(select(Product.slug).where(Product.slug.in_(redirects)))
        ).scalars()
    )
    free = [slug for slug in redirects if slug not in taken]
    batch.session.add_all(ProductRedirect(slug=slug, product_id=loaded.product.id) for slug in free)


def _why_kept(batch: Batch, row: BatchRow, loaded: LoadedProduct, needed: set[str]) -> str:
    used = sorted(code for code in loaded.variants if code in needed or _is_reserved(loaded, code))
    if used:
        return NEEDED.format(code=used[0])
    sources = sorted(picture.source for picture in row.change.pictures)
    if sources != sorted(image.source for image in loaded.product.images):
        return "its pictures were changed since, so the product was left"
    return why_product_kept(batch, _as_creation(row.change), loaded, needed)


def _restore_picture(session: Session, values: dict[str, Any]) -> ProductImage:
    is_free = session.get(ProductImage, values["id"]) is None
    return ProductImage(**{name: value for name, value in values.items() if name != "id" or is_free})


def _is_reserved(loaded: LoadedProduct, code: str) -> bool:
    item = loaded.items.get(code)
    return item is not None and item.reserved > 0


def _as_creation(change: ProductChange) -> ProductChange:
    """Return the change that would create the product as it was when its removal was planned."""
    return ProductChange(
        action="create",
        slug=change.slug,
        title=change.title,
        fields=swap(change.fields, change.fields),
        variants=[
            VariantChange(
                action="create",
                sku=variant.sku,
                fields=swap(variant.fields, variant.fields),
                stock=StockChange("set", variant.stock.before) if variant.stock else None,
            )
            for variant in change.variants
        ],
    )


def _keep_parts(row: BatchRow, loaded: LoadedProduct, redirects: list[str]) -> None:
    """Note in the row's result what the change does not have and an undo needs."""
    product = loaded.product
    row.result.product = {
        "id": product.id,
        "created_at": moment_text(product.created_at),
        "redirects": redirects,
        "pictures": [{name: getattr(image, name) for name in _PICTURE} for image in product.images],
        "shown": {code: variant.image_id for code, variant in loaded.variants.items()},
    }
    for code in loaded.variants:
        item = loaded.items.get(code)
        kept = {name: getattr(item, name) for name in _STOCK} if item else None
        row.result.variants[code] = VariantResult(item=kept)


def _read_redirects(batch: Batch, product_ids: Sequence[int]) -> dict[int, list[str]]:
    query = select(ProductRedirect.product_id, ProductRedirect.slug).order_by(ProductRedirect.slug)
    found: dict[int, list[str]] = {}
    for product_id, slug in batch.session.execute(query.where(ProductRedirect.product_id.in_(product_ids))):
        found.setdefault(product_id, []).append(slug)
    return found
