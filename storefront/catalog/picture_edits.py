"""What people and programs do to the pictures of one product: add, order, describe and delete them.

Each verb takes the product's locked rows (`product_writer.lock_product`), and has the writer of edits write them.
"""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy.orm import Session

from storefront.catalog.models import ProductImage
from storefront.catalog.pictures import StoredPicture
from storefront.catalog.product_writer import LockedProduct, PictureEdit
from storefront.catalog.product_writer.written_pictures import list_present, write_pictures
from storefront.errors import StorefrontError
from storefront.i18n import gettext as _

MAX_PICTURES = 250  # of one product; as many as Shopify allows
MAX_ALT = 1000  # characters


class PictureEditError(StorefrontError):
    """The pictures of a product cannot be changed in this way; the text says why."""

    status = 409


class UnknownVariantError(StorefrontError):
    """A picture is to be shown by a variant that the product does not have."""

    status = 422

    def __init__(self, code: str) -> None:
        super().__init__(_("The product has no variant %(code)s.", code=code))
        self.code = code


def add_picture(session: Session, loaded: LockedProduct, stored: StoredPicture, *, alt: str) -> ProductImage:
    """Add a stored picture after the product's others; its other renditions are made in the background.

    Raises:
        PictureEditError: the product has it already, or has as many as it can.
    """
    if any(image.digest == stored.digest for image in loaded.images):
        raise PictureEditError(_("The product has this picture already."))
    if len(loaded.images) >= MAX_PICTURES:
        raise PictureEditError(
            _("A product can have up to %(most)d pictures. Delete one first.", most=MAX_PICTURES)
        )
    new = PictureEdit(None, alt, f"{stored.digest}.webp", stored.digest, stored.width, stored.height)
    write_pictures(session, loaded, [*list_present(loaded), new])
    return loaded.images[-1]


def move_picture(session: Session, loaded: LockedProduct, image: ProductImage, place: int) -> None:
    """Put a picture at a place, counted from 1, among the product's pictures; the others make room."""
    ordered = [each for each in list_present(loaded) if each.id != image.id]
    ordered.insert(place - 1, PictureEdit(image.id, image.alt))
    if [each.id for each in ordered] != [each.id for each in loaded.images]:
        write_pictures(session, loaded, ordered)


def show_for_variants(loaded: LockedProduct, image: ProductImage, codes: Collection[str]) -> None:
    """Let exactly these variants of the product show a picture first.

    Raises:
        UnknownVariantError: the product has no such variant.
    """
    for code in codes:
        if code not in loaded.variants:
            raise UnknownVariantError(code)
    for code, variant in loaded.variants.items():
        if code in codes:
            variant.image_id = image.id
        elif variant.image_id == image.id:
            variant.image_id = None


def delete_picture(session: Session, loaded: LockedProduct, image: ProductImage) -> None:
    """Delete a picture; variants that show it show the product's first one. Its files stay: others may use them."""
    write_pictures(session, loaded, [each for each in list_present(loaded) if each.id != image.id])
