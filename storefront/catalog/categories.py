"""The category tree: get or create a path, move a branch."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import quote

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import Session

from storefront.catalog.list_index import writer
from storefront.catalog.list_index.further_categories import select_members
from storefront.catalog.models import MAX_LEVELS, MAX_PATH, ROOT_PATH, Category, CategoryRedirect
from storefront.catalog.slugs import earlier_name_slug, slugify
from storefront.errors import StorefrontError
from storefront.i18n import gettext as _


class CategoryMoveError(StorefrontError):
    """A branch cannot be moved to that place; the text says why."""

    status = 422


class CategoryTakenError(CategoryMoveError):
    """Another category has the address."""

    status = 409


def get_root(session: Session) -> Category:
    """Return the root category (the whole shop), which the first migration created."""
    return session.execute(select(Category).where(Category.path == ROOT_PATH)).scalar_one()


def get_or_create(session: Session, names: Sequence[str]) -> Category:
    """Return the category with these names from the top down, e.g. ["Tea", "Green tea"]; create missing ones."""
    node = get_root(session)
    for name in (" ".join(name.split())[:255] for name in names):
        if not name:
            continue
        child = _find_child(session, node, name)
        if child is None:
            slug = slugify(name)
            path = f"{node.path}/{slug}".lstrip("/")
            child = Category(parent_id=node.id, name=name, slug=slug, path=path)
            session.add(child)
            session.flush()
        node = child
    return node


def fit_levels(names: Sequence[str]) -> tuple[str, ...]:
    """Return a category's names from the top, as many as a percent-encoded path of MAX_PATH characters holds."""
    kept = tuple(names[:MAX_LEVELS])
    while kept and len(quote("/".join(map(slugify, kept)))) > MAX_PATH:
        kept = kept[:-1]
    return kept


def move(session: Session, category: Category, *, parent: Category, slug: str | None = None) -> None:
    """Move a branch below another parent, or change its slug. From then on every old path redirects (301).

    Raises:
        CategoryMoveError: the new parent is inside the branch, the path is taken, or the branch is the root.
    """
    old, slug = category.path, slug or category.slug
    new = f"{parent.path}/{slug}".lstrip("/")
    if old == ROOT_PATH:
        raise CategoryMoveError(_("The root of the shop cannot be moved."))
    if parent.path == old or parent.path.startswith(f"{old}/"):
        raise CategoryMoveError(_("%(path)s cannot be moved below itself.", path=old))
    if new == old:
        return
    if session.execute(select(Category.id).where(Category.path == new)).first():
        raise taken(new)
    branch = (
        session.execute(
            select(Category).where(or_(Category.path == old, is_below(old))).order_by(Category.path)
        )
        .scalars()
        .all()
    )
    for node in branch:
        check_path(new + node.path[len(old) :])
    category.parent_id, category.slug = parent.id, slug
    for node in branch:
        before, node.path = node.path, new + node.path[len(old) :]
        session.merge(CategoryRedirect(path=before, category_id=node.id))
        session.flush()
        stale = session.get(CategoryRedirect, node.path)
        if stale is not None:
            session.delete(stale)
    session.flush()
    ids = [node.id for node in branch]
    writer.refresh(session, session.execute(select_members(ids)).scalars().all())


def taken(path: str) -> CategoryTakenError:
    """Return the error for a path that another category has."""
    text = _("There is already a category at %(path)s; move or rename that one first.", path=path)
    return CategoryTakenError(text)


def check_path(path: str) -> None:
    """Check that a path is not too long or too deep.

    Raises:
        CategoryMoveError: it is.
    """
    if path.count("/") >= MAX_LEVELS or len(quote(path)) > MAX_PATH:
        raise CategoryMoveError(
            _("The address would be too long: choose a place higher up or a shorter name.")
        )


def is_below(path: str) -> ColumnElement[bool]:
    """Return the SQL condition "anywhere below this path", as a range that can use the index on paths."""
    return (Category.path > f"{path}/") & (Category.path < f"{path}0")  # "0" follows "/" in ASCII


def _find_child(session: Session, node: Category, name: str) -> Category | None:
    """Return the subcategory at this name's path, or one of this name at the path that an earlier version gave it."""
    now, earlier = (f"{node.path}/{slug}".lstrip("/") for slug in (slugify(name), earlier_name_slug(name)))
    query = select(Category).where(Category.path.in_({now, earlier}))
    found = {category.path: category for category in session.execute(query).scalars()}
    if now in found:
        return found[now]
    return found[earlier] if earlier in found and found[earlier].name == name else None
