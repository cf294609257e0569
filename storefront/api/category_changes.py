"""Categories for tokens that may read all of them, also empty and hidden ones; changes by one request."""

from __future__ import annotations

from dataclasses import asdict, replace

import msgspec
from msgspec import UNSET
from sqlalchemy import select
from sqlalchemy.orm import Session, undefer

from storefront.api import idempotency, product_reader
from storefront.api.preconditions import require_match
from storefront.api.problems import ProblemError
from storefront.api.schemas import Category as ListedCategory
from storefront.api.schemas import CategoryDetail, CategoryPatch, CategoryPost, CategoryRef, Fault
from storefront.api.tokens import Caller
from storefront.catalog import category_edits, category_pictures, category_texts
from storefront.catalog.category_edits import CategoryValues
from storefront.catalog.list_index.derivation import ancestor_paths
from storefront.catalog.models import ROOT_PATH, Category
from storefront.catalog.moved_addresses import find_moved_category
from storefront.catalog.navigation import NotInShopError
from storefront.extensions import db, write_transaction
from storefront.unicode_text import clean_line, is_invisible, normalize

_REFUSED = "The category cannot be changed to this."


def read_category(path: str) -> CategoryDetail:
    """Return a category, whether the shop shows it or not. Three statements.

    Raises:
        NotInShopError: it does not exist; the text says where it has moved, if it has.
    """
    return describe_category(db.session(), _find(db.session(), path))


def create_category(body: CategoryPost, caller: Caller) -> msgspec.Raw | CategoryDetail:
    """Create a category; a repetition with the same Idempotency-Key returns the first one's answer.

    Raises:
        ProblemError, CategoryEditError, CategoryMoveError: 409 or 422; the text says why. Nothing is created then.
    """

    def create(session: Session) -> CategoryDetail:
        values = _read_values(session, body, CategoryValues("", ROOT_PATH))
        made = category_edits.create(session, values)
        _change_texts(session, made, body)
        _change_place(session, made, body)
        return describe_category(session, made)

    return idempotency.run_once(caller, create, status=201)


def change_category(path: str, body: CategoryPatch) -> CategoryDetail:
    """Apply a request's body to a category.

    Raises:
        ProblemError, CategoryEditError, CategoryMoveError: 409, 412 or 422; nothing is changed then.
        NotInShopError: it does not exist.
    """
    with write_transaction() as session:
        found = lock_category(session, path)
        stored = CategoryValues(found.name, path.rpartition("/")[0], found.slug, found.hidden)
        values = _read_values(session, body, stored)
        if values != stored:
            category_edits.change(session, found.id, values, expected=category_edits.version_of(found))
        _change_texts(session, found, body)
        _change_place(session, found, body)
        return describe_category(session, found)


def delete_category(path: str, products_to: str | None) -> None:
    """Delete a category; its products go to another one.

    Args:
        path: the category.
        products_to: the path of the other category, "" for none; None: the category has no products.

    Raises:
        ProblemError, CategoryEditError: 409, 412 or 422; nothing is deleted then.
        NotInShopError: it does not exist.
    """
    with write_transaction() as session:
        found = lock_category(session, path)
        version = category_edits.version_of(found)
        category_edits.delete(session, found.id, target=products_to, expected=version)


def lock_category(session: Session, path: str) -> Category:
    """Return a category, and keep the tree as it is until the transaction ends.

    Raises:
        ProblemError: 412, it is not what the header If-Match names.
        NotInShopError: it does not exist.
    """
    category_edits.lock_tree(session)
    found = _find(session, path)
    require_match("category", describe_category(session, found))
    return found


def _find(session: Session, path: str) -> Category:
    wanted = select(Category).where(Category.path == path, Category.path != ROOT_PATH)
    texts = (undefer(Category.description_html), undefer(Category.seo_description))
    found = session.execute(
        wanted.options(*texts).execution_options(populate_existing=True)
    ).scalar_one_or_none()
    if found is None:
        moved = find_moved_category(path)
        raise NotInShopError(
            f"The category {path!r} has moved to {moved}." if moved else f"There is no category {path!r}."
        )
    return found


def _read_values(session: Session, body: CategoryPatch, stored: CategoryValues) -> CategoryValues:
    values = stored
    if body.name is not UNSET:
        name = clean_line(normalize("NFC", body.name))
        if is_invisible(name):
            raise ProblemError(422, _REFUSED, Fault("A category needs a name.", "/name"))
        values = replace(values, name=name)
    if body.parent is not UNSET:
        if session.execute(select(Category.id).where(Category.path == body.parent)).first() is None:
            raise ProblemError(422, _REFUSED, Fault("No category has this path.", "/parent"))
        values = replace(values, parent=body.parent)
    if body.slug is not UNSET:
        values = replace(values, slug=body.slug)
    if body.hidden is not UNSET:
        values = replace(values, hidden=body.hidden)
    return values


def _change_texts(session: Session, found: Category, body: CategoryPatch) -> None:
    stored = category_texts.texts_of(found)
    given = {name: text for name in asdict(stored) if (text := getattr(body, name)) is not UNSET}
    for name in ("seo_title", "seo_description"):
        if name in given:
            given[name] = clean_line(normalize("NFC", given[name]))
    texts = replace(stored, **given)
    if texts != stored:
        version = category_texts.version_of_texts(found)
        category_texts.change_texts(session, found.id, texts, expected=version)


def _change_place(session: Session, found: Category, body: CategoryPatch) -> None:
    if body.position is UNSET or found.parent_id is None:
        return
    children = category_edits.list_children(session, found.parent_id)
    version = category_edits.version_of_order(children)
    category_edits.order_children(session, found.parent_id, {found.id: body.position}, expected=version)


def describe_category(session: Session, found: Category) -> CategoryDetail:
    """Return a category as a token that may read all of them gets it."""
    above = ancestor_paths(found.path)[1:-1]
    picture = category_pictures.picture_of(found)
    parents = session.execute(
        select(Category.path, Category.name).where(Category.path.in_(above)).order_by(Category.path)
    )
    return CategoryDetail(
        path=found.path,
        name=found.name,
        products=found.product_count,
        hidden=found.hidden,
        position=found.position,
        **asdict(category_texts.texts_of(found)),
        picture=product_reader.describe_picture(picture) if picture else None,
        parents=[CategoryRef(row.path, row.name) for row in parents],
        children=[
            ListedCategory(child.path, child.name, child.product_count)
            for child in category_edits.list_children(session, found.id)
        ],
    )
