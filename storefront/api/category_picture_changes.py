"""Changes of a category's picture by one request: a category has one, which its page and its tile show."""

from __future__ import annotations

import msgspec
from sqlalchemy.orm import Session

from storefront.api import category_changes, idempotency
from storefront.api.picture_changes import store_body
from storefront.api.schemas import CategoryDetail
from storefront.api.tokens import Caller
from storefront.catalog import category_pictures
from storefront.catalog.models import Category
from storefront.catalog.navigation import NotInShopError
from storefront.catalog.pictures import StoredPicture
from storefront.extensions import db, write_transaction


def set_picture(path: str, alt: str, caller: Caller) -> msgspec.Raw | CategoryDetail:
    """Give a category the picture in the body of the request, instead of the one that it has.

    Raises:
        ProblemError: 409, 412, 415 or 422; the text says why. Nothing is changed then.
        NotInShopError: the category does not exist.
    """
    category_changes.read_category(path)  # before the body is read
    db.session.rollback()
    stored = store_body()

    def change(session: Session) -> CategoryDetail:
        return _change(session, category_changes.lock_category(session, path), stored, alt)

    return idempotency.run_once(caller, change)


def describe_picture(path: str, alt: str) -> CategoryDetail:
    """Change what the picture of a category is said to show.

    Raises:
        ProblemError: 412, the category has changed.
        NotInShopError: the category does not exist or has no picture.
    """
    with write_transaction() as session:
        return _change(session, _lock_with_picture(session, path), None, alt)


def delete_picture(path: str) -> None:
    """Delete the picture of a category.

    Raises:
        ProblemError: 412, the category has changed.
        NotInShopError: the category does not exist or has no picture.
    """
    with write_transaction() as session:
        found = _lock_with_picture(session, path)
        version = category_pictures.version_of_picture(found)
        category_pictures.remove_picture(session, found.id, expected=version)


def _change(session: Session, found: Category, stored: StoredPicture | None, alt: str) -> CategoryDetail:
    version = category_pictures.version_of_picture(found)
    category_pictures.change_picture(session, found.id, stored, alt=alt.strip(), expected=version)
    return category_changes.describe_category(session, found)


def _lock_with_picture(session: Session, path: str) -> Category:
    found = category_changes.lock_category(session, path)
    if found.picture_digest is None:
        raise NotInShopError(f"The category {path!r} has no picture.")
    return found
