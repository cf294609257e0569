"""The picture of a category: on its page in the shop, and on its tile of the front page."""

from __future__ import annotations

from sqlalchemy.orm import Session

from storefront.catalog import picture_queue
from storefront.catalog.category_edits import CategoryChangedError, digest, find_category, lock_tree
from storefront.catalog.models import Category
from storefront.catalog.page_data import Picture
from storefront.catalog.pictures import StoredPicture
from storefront.i18n import gettext as _


def picture_of(category: Category) -> Picture | None:
    """Return the stored picture in the widths of its arrival; None without one."""
    if category.picture_digest is None:
        return None
    size = category.picture_width, category.picture_height
    return Picture(category.picture_digest, *size, category.picture_alt)


def version_of_picture(category: Category) -> str:
    """Return the version of the picture and its text."""
    return digest(category.id, category.picture_digest, category.picture_alt)


def change_picture(
    session: Session, category_id: int, stored: StoredPicture | None, *, alt: str, expected: str
) -> None:
    """Give a category a stored picture instead of its own, or another text for its own (`stored` None).

    Raises:
        CategoryChangedError: it is not the version `expected` any more, or the category is gone.
    """
    category = _lock(session, category_id, expected)
    if stored is not None:
        category.picture_digest = stored.digest
        category.picture_width, category.picture_height = stored.width, stored.height
        picture_queue.enqueue(session, [stored.digest])
    category.picture_alt = alt if category.picture_digest else ""
    session.flush()


def remove_picture(session: Session, category_id: int, *, expected: str) -> None:
    """Take the picture of a category away. Its file stays: an undo of something else may show it.

    Raises:
        CategoryChangedError: as `change_picture`.
    """
    category = _lock(session, category_id, expected)
    category.picture_digest, category.picture_width, category.picture_height = None, 0, 0
    category.picture_alt = ""
    session.flush()


def _lock(session: Session, category_id: int, expected: str) -> Category:
    lock_tree(session)
    category = find_category(session, category_id)
    if version_of_picture(category) != expected:
        raise CategoryChangedError(
            _("Somebody has changed this picture meanwhile. Nothing was saved. Look at it, and save again.")
        )
    return category
