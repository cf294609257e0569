"""The one writer of a product's pictures: adds, orders and removes the rows. Places count from 1."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy.orm import Session

from storefront.catalog import models, picture_queue
from storefront.catalog.product_writer.locked_product import LockedProduct
from storefront.catalog.product_writer.product_edit import PictureEdit


def write_pictures(session: Session, loaded: LockedProduct, wanted: Sequence[PictureEdit]) -> None:
    """Make these the product's pictures, in this order; the first stored one becomes its cover."""
    rows = {image.id: image for image in loaded.images}
    kept: list[models.ProductImage] = []
    for place, edit in enumerate(wanted, 1):
        row = rows.pop(edit.id, None) if edit.id is not None else _add(session, loaded, edit)
        if row is None:
            continue  # somebody has removed it meanwhile
        if (row.position, row.alt) != (place, edit.alt):
            row.position, row.alt = place, edit.alt
        kept.append(row)
    for variant in loaded.variants.values():
        if variant.image_id in rows:
            variant.image_id = None
    for gone in rows.values():
        session.delete(gone)
    session.flush()
    loaded.row.cover_id = next((row.id for row in kept if row.digest), None)
    picture_queue.enqueue(session, (edit.digest for edit in wanted if edit.id is None))
    loaded.images = kept


def list_present(loaded: LockedProduct) -> list[PictureEdit]:
    """Return the product's pictures as they are, in order."""
    return [PictureEdit(image.id, image.alt) for image in loaded.images]


def _add(session: Session, loaded: LockedProduct, edit: PictureEdit) -> models.ProductImage:
    row = models.ProductImage(
        product_id=loaded.row.id,
        source=edit.source,
        digest=edit.digest,
        width=edit.width,
        height=edit.height,
        alt=edit.alt,
    )
    session.add(row)
    return row
