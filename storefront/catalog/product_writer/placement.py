"""Puts a product into the categories of an edit: its main one, which its address is in, and further ones."""

from __future__ import annotations

from collections.abc import Collection
from typing import NoReturn

from msgspec import UNSET
from sqlalchemy import select
from sqlalchemy.orm import Session

from storefront.catalog.list_index.further_categories import NamedCategory
from storefront.catalog.models import MOST_FURTHER, ROOT_PATH, Category
from storefront.catalog.product_writer.locked_product import LockedProduct
from storefront.catalog.product_writer.product_edit import EditFault, ProductEdit, ProductRefusedError


def place(session: Session, loaded: LockedProduct, edit: ProductEdit) -> None:
    """Set the main and the further categories that an edit names; one statement if it changes them.

    Raises:
        ProductRefusedError: 422, a category does not exist, or there are too many.
    """
    main = loaded.category[0] if edit.category is UNSET else edit.category
    present = [each.path for each in loaded.further]
    named = present if edit.further is UNSET else list(edit.further)
    # Each once: the main category is no further one.
    paths = [path for path in dict.fromkeys(named) if path != main]
    is_moved = main != loaded.category[0]
    if not is_moved and paths == present:
        return
    if len(paths) > MOST_FURTHER:
        _refuse("/further_categories", f"A product has at most {MOST_FURTHER} further categories.")
    known = (*loaded.further, *([loaded.found_category] if loaded.found_category else ()))
    found = {each.path: each for each in known if each.path != ROOT_PATH}
    found |= _find(session, {*paths, *([main] if is_moved and main is not None else [])} - found.keys())
    if is_moved and main is not None and main not in found:
        _refuse("/category/path", "No category has this path.")
    if unknown := next((path for path in paths if path not in found), None):
        _refuse(f"/further_categories/{named.index(unknown)}/path", "No category has this path.")
    if is_moved:
        loaded.row.category_id = None if main is None else found[main].id
        loaded.category = (None, None) if main is None else (main, found[main].name)
    if paths != present:
        loaded.further = tuple(found[path] for path in paths)
        loaded.row.further_category_ids = [each.id for each in loaded.further]


def _find(session: Session, paths: Collection[str]) -> dict[str, NamedCategory]:
    if not paths:
        return {}
    query = select(Category.id, Category.path, Category.name)
    with session.no_autoflush:  # so that the product's row is written once
        rows = session.execute(query.where(Category.path.in_(paths), Category.path != ROOT_PATH))
        return {row.path: NamedCategory(*row) for row in rows}


def _refuse(at: str, text: str) -> NoReturn:
    raise ProductRefusedError(422, "There is no such category.", EditFault(text, at))
