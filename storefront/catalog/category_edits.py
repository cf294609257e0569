"""What a merchant does to the category tree: make, change, order and delete categories.

Each verb takes the version that the person saw, so that two people at once never overwrite each other. Old addresses
lead on (301). Tags of the cache follow from the changed rows, so every worker and edge shows a change at once.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import func, or_, select, update
from sqlalchemy.orm import Session

from storefront.catalog import categories
from storefront.catalog.category_ranking import rank_key
from storefront.catalog.list_index import writer
from storefront.catalog.list_index.further_categories import select_members
from storefront.catalog.models import ROOT_PATH, Category, CategoryRedirect, Product
from storefront.catalog.slugs import slugify
from storefront.errors import StorefrontError
from storefront.i18n import gettext as _
from storefront.list_order import arrange

MAX_NAME = 255  # characters
MOST_COUNTED = 1000  # products: counting all of a large category would be slow


class CategoryEditError(StorefrontError):
    """A category cannot be changed in this way; the text says why."""

    status = 422


class CategoryInUseError(CategoryEditError):
    """A category that has products, or categories below it, is not deleted like this."""

    status = 409


class CategoryChangedError(StorefrontError):
    """Somebody else has changed the category, or the order, since the person saw it."""

    status = 409


@dataclass(frozen=True, slots=True)
class CategoryValues:
    """What a person chooses of a category: `parent` is the path of the category above, `slug` the end of its own."""

    name: str
    parent: str
    slug: str = ""  # empty: of the name
    hidden: bool = False


def version_of(category: Category) -> str:
    """Return the version of what a person chooses of a category."""
    return digest(category.id, category.name, category.path, category.hidden)


def version_of_order(children: Sequence[Category]) -> str:
    """Return the version of the order of categories that share a parent."""
    return digest(*sorted((child.id, child.position) for child in children))


def list_children(session: Session, parent_id: int) -> list[Category]:
    """Return the categories directly below one, in the order in which the shop shows them."""
    found = session.execute(select(Category).where(Category.parent_id == parent_id)).scalars()
    return sorted(found, key=rank_key)


def create(session: Session, values: CategoryValues) -> Category:
    """Make an empty category, the last below its parent.

    Raises:
        CategoryEditError: the name is empty, or the parent is gone.
        CategoryMoveError: the address is taken, or too long.
    """
    lock_tree(session)
    parent, slug = _find_parent(session, values.parent), _slug(values)
    path = f"{parent.path}/{slug}".lstrip("/")
    categories.check_path(path)
    if session.execute(select(Category.id).where(Category.path == path)).first():
        raise categories.taken(path)
    if (stale := session.get(CategoryRedirect, path)) is not None:
        session.delete(stale)
    made = Category(parent_id=parent.id, name=values.name, slug=slug, path=path, hidden=values.hidden)
    session.add(made)
    session.flush()
    return made


def change(session: Session, category_id: int, values: CategoryValues, *, expected: str) -> Category:
    """Rename, move, show or hide a category; what is below moves with it.

    Raises:
        CategoryChangedError: it is not the version `expected` any more.
        CategoryEditError, CategoryMoveError: as `create`, or it would be below itself.
    """
    lock_tree(session)
    category = _find(session, category_id, expected)
    parent, slug = _find_parent(session, values.parent), _slug(values)
    if values.slug == category.slug:
        slug = category.slug  # as an import made it, even if the shop would make another one
    is_renamed = category.name != values.name
    category.name, category.hidden = values.name, values.hidden
    if (parent.id, slug) != (category.parent_id, category.slug):
        category.position = category.position if parent.id == category.parent_id else 0
        categories.move(session, category, parent=parent, slug=slug)
    elif is_renamed:
        inside = select_members([category.id])
        writer.refresh(session, session.execute(inside).scalars())  # search finds products by the name
    session.flush()
    return category


def order_children(
    session: Session, parent_id: int, places: Mapping[int, int], *, expected: str
) -> list[Category]:
    """Put categories at places, counted from 1, among those that share their parent; the others make room.

    Raises:
        CategoryChangedError: the order is not the version `expected` any more.
    """
    lock_tree(session)
    children = list_children(session, parent_id)
    if version_of_order(children) != expected:
        raise CategoryChangedError(
            _("Somebody has changed the order meanwhile. Nothing was saved. Look at it, and save again.")
        )
    by_id = {child.id: child for child in children}
    ordered = [by_id[key] for key in arrange(list(by_id), places)]
    for place, child in enumerate(ordered, 1):
        child.position = place
    session.flush()
    return ordered


def delete(session: Session, category_id: int, *, target: str | None, expected: str) -> None:
    """Delete a category; its products go to the category at the path `target`, and its address leads there.

    Raises:
        CategoryChangedError: it is not the version `expected` any more.
        CategoryInUseError: there are categories below it, or products and no target.
        CategoryEditError: there is no category at `target`, or it is this one.
    """
    lock_tree(session)
    category = _find(session, category_id, expected)
    if session.execute(select(Category.id).where(Category.parent_id == category.id).limit(1)).first():
        raise CategoryInUseError(_("Move or delete the categories below it first."))
    inside = select(Product).where(Product.id.in_(select_members([category.id])))
    products = session.execute(inside).scalars().all()
    if products and target is None:
        raise CategoryInUseError(_("Choose where its products go."))
    successor = _find_parent(session, target) if target is not None else category.parent
    if successor is category:
        raise CategoryEditError(_("Choose another category for its products."))
    for product in products:
        _replace(product, category.id, successor.id if successor and successor.path != ROOT_PATH else None)
    writer.refresh(session, [product.id for product in products])
    _redirect(session, category, successor)
    session.delete(category)
    session.flush()


def count_products(session: Session, category_id: int) -> int:
    """Return how many products are in a category itself, whatever their status; MOST_COUNTED + 1 if more are."""
    inside = select_members([category_id], most=MOST_COUNTED + 1).subquery()
    found = session.execute(select(func.count()).select_from(inside)).scalar_one()
    return min(found, MOST_COUNTED + 1)


def lock_tree(session: Session) -> None:
    """Wait until nobody else changes the tree: its paths depend on one another."""
    session.execute(select(Category.id).where(Category.path == ROOT_PATH).with_for_update())


def _replace(product: Product, category_id: int, successor_id: int | None) -> None:
    """Put a product into another category instead of one that it is in, as its main or as a further one."""
    if product.category_id == category_id:
        product.category_id = successor_id
    further = [successor_id if key == category_id else key for key in product.further_category_ids]
    kept = [key for key in dict.fromkeys(further) if key not in (None, product.category_id)]
    if kept != product.further_category_ids:
        product.further_category_ids = kept


def _redirect(session: Session, category: Category, successor: Category | None) -> None:
    """Lead the addresses of a category that is deleted to another one; those of top categories go with them."""
    mine = CategoryRedirect.category_id == category.id
    if successor is None or successor.path == ROOT_PATH:
        return
    session.execute(
        update(CategoryRedirect)
        .where(or_(mine, CategoryRedirect.path == category.path))
        .values(category_id=successor.id)
        .execution_options(synchronize_session="fetch")
    )
    session.merge(CategoryRedirect(path=category.path, category_id=successor.id))


def find_category(session: Session, category_id: int) -> Category:
    """Return a category as it is stored now; raises CategoryChangedError if it is gone."""
    category = session.get(Category, category_id, populate_existing=True)
    if category is None or category.path == ROOT_PATH:
        raise CategoryChangedError(_("Somebody has deleted this category meanwhile."))
    return category


def _find(session: Session, category_id: int, expected: str) -> Category:
    category = find_category(session, category_id)
    if version_of(category) != expected:
        raise CategoryChangedError(
            _("Somebody has changed this category meanwhile. Nothing was saved. Compare, and save again.")
        )
    return category


def _find_parent(session: Session, path: str) -> Category:
    found = session.execute(select(Category).where(Category.path == path)).scalar_one_or_none()
    if found is None:
        raise CategoryEditError(
            _("There is no category at %(path)s any more. Choose another one.", path=path)
        )
    return found


def _slug(values: CategoryValues) -> str:
    if not values.name:
        raise CategoryEditError(_("Enter a name."))
    return slugify(values.slug or values.name)


def digest(*values: object) -> str:
    """Return a short digest of values, as the version of a form."""
    return hashlib.sha256(repr(values).encode(errors="surrogatepass")).hexdigest()[:16]
