"""Changes of a product's pictures by one request."""

from __future__ import annotations

from pathlib import Path

import msgspec
from flask import current_app, request
from msgspec import UNSET
from sqlalchemy import select
from sqlalchemy.orm import Session

from storefront.api import idempotency, product_reader
from storefront.api.problems import ProblemError
from storefront.api.product_changes import Precondition, check_precondition
from storefront.api.schemas import Fault, PicturePatch, ProductPicture
from storefront.api.tokens import Caller
from storefront.catalog import models, picture_edits, pictures
from storefront.catalog.navigation import NotInShopError
from storefront.catalog.picture_edits import UnknownVariantError
from storefront.catalog.pictures import MEDIA_TYPES, PictureError, StoredPicture
from storefront.catalog.product_writer import LockedProduct, lock_product, read_product
from storefront.extensions import db, write_transaction

ANY_TYPE = "application/octet-stream"


def list_pictures(product_id: int) -> list[ProductPicture]:
    """Return the pictures of a product of any status, in order."""
    loaded = read_product(db.session(), product_id)
    return [_describe(loaded, image) for image in loaded.images]


def add_picture(
    product_id: int, alt: str, caller: Caller, condition: Precondition
) -> msgspec.Raw | ProductPicture:
    """Add the picture in the body of the request to a product, after its others.

    Raises:
        ProblemError: 409, 412, 415 or 422; the text says why. Nothing is added then.
        NotInShopError: the product does not exist.
    """
    if db.session.execute(select(models.Product.id).where(models.Product.id == product_id)).first() is None:
        raise NotInShopError(f"There is no product {product_id}.")
    stored = store_body()

    def add(session: Session) -> ProductPicture:
        loaded = lock_product(session, product_id)
        check_precondition(loaded, condition, product_reader.stock_display_for(caller))
        return _describe(loaded, picture_edits.add_picture(session, loaded, stored, alt=alt.strip()))

    return idempotency.run_once(caller, add, status=201)


def change_picture(
    product_id: int, picture_id: int, body: PicturePatch, caller: Caller, condition: Precondition
) -> ProductPicture:
    """Apply a request's body to a picture.

    Raises:
        ProblemError: 412 or 422; nothing is changed then.
        NotInShopError: the product or the picture does not exist.
    """
    with write_transaction() as session:
        loaded, image = _lock(session, product_id, picture_id, caller, condition)
        if body.alt is not UNSET and image.alt != body.alt.strip():
            image.alt = body.alt.strip()
        if body.variants is not UNSET:
            _show_for_variants(loaded, image, body.variants)
        if body.position is not UNSET:
            picture_edits.move_picture(session, loaded, image, body.position)
        return _describe(loaded, image)


def delete_picture(product_id: int, picture_id: int, caller: Caller, condition: Precondition) -> None:
    """Delete a picture of a product.

    Raises:
        ProblemError: 412, the product has changed.
        NotInShopError: the product or the picture does not exist.
    """
    with write_transaction() as session:
        loaded, image = _lock(session, product_id, picture_id, caller, condition)
        picture_edits.delete_picture(session, loaded, image)


def store_body() -> StoredPicture:
    """Store the body of the request as a picture; its type must be the one that the request names.

    Raises:
        ProblemError: 415 or 422, it is no such picture; 503, it cannot be stored now.
    """
    claimed = request.mimetype
    if claimed not in (*MEDIA_TYPES.values(), ANY_TYPE):
        known = ", ".join(sorted(set(MEDIA_TYPES.values())))
        raise ProblemError(
            415,
            f"Send the picture's file as the body, with its Content-Type: {known}, or {ANY_TYPE}.",
            headers={"Accept": f"{known}, {ANY_TYPE}"},
        )
    data = request.get_data()
    try:
        found = pictures.media_type_of(data)
        if claimed not in (found, ANY_TYPE):
            raise PictureError(
                f"The file is {found}, but its Content-Type is {claimed}. Correct one of them."
            )
        return pictures.store(data, Path(current_app.config["MEDIA_DIR"]))
    except PictureError as error:
        raise ProblemError(422, str(error)) from error
    except OSError as error:
        current_app.logger.exception("a picture cannot be stored")
        raise ProblemError(503, "The picture cannot be stored now.") from error


def _lock(
    session: Session, product_id: int, picture_id: int, caller: Caller, condition: Precondition
) -> tuple[LockedProduct, models.ProductImage]:
    loaded = lock_product(session, product_id)
    image = next((each for each in loaded.images if each.id == picture_id), None)
    if image is None:
        raise NotInShopError(f"The product {product_id} has no picture {picture_id}.")
    check_precondition(loaded, condition, product_reader.stock_display_for(caller))
    return loaded, image


def _show_for_variants(loaded: LockedProduct, image: models.ProductImage, codes: list[str]) -> None:
    try:
        picture_edits.show_for_variants(loaded, image, codes)
    except UnknownVariantError as error:
        fault = Fault("The product has no variant with this code.", f"/variants/{codes.index(error.code)}")
        raise ProblemError(422, "The picture cannot be changed to this.", fault) from error


def _describe(loaded: LockedProduct, image: models.ProductImage) -> ProductPicture:
    return ProductPicture(
        id=image.id,
        position=list(loaded.images).index(image) + 1,
        alt=image.alt,
        url=product_reader.picture_url(image),
        width=image.width,
        height=image.height,
        variants=[code for code, variant in loaded.variants.items() if variant.image_id == image.id],
    )
