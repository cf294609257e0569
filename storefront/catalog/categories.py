"""The category tree: get or create a path, move a branch; and slugs, the readable part of URLs."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import Session

from storefront.catalog.list_index import writer
from storefront.catalog.models import ROOT_PATH, Category, CategoryRedirect, Product
from storefront.catalog.search import fold
from storefront.errors import StorefrontError

_NOT_SLUG = re.compile(r"[^a-z0-9]+")


class CategoryMoveError(StorefrontError):
    """A branch cannot be moved to that place; the text says why."""


def get_root(session: Session) -> Category:
    """Return the root category (the whole shop), which the first migration created."""
    return session.execute(select(Category).where(Category.path == ROOT_PATH)).scalar_one()


def get_or_create(session: Session, names: Sequence[str]) -> Category:
    """Return the category with these names from the top down, e.g. ["Tea", "Green tea"]; create missing ones."""
    node = get_root(session)
    for name in (" ".join(name.split())[:255] for name in names):
        if not name:
            continue
        path = f"{node.path}/{slugify(name)}".lstrip("/")
        child = session.execute(select(Category).where(Category.path == path)).scalar_one_or_none()
        if child is None:
            child = Category(parent_id=node.id, name=name, slug=slugify(name), path=path)
            session.add(child)
            session.flush()
        node = child
    return node


def move(session: Session, category: Category, *, parent: Category, slug: str | None = None) -> None:
    """Move a branch below another parent, or change its slug. From then on every old path redirects (301).

    Raises:
        CategoryMoveError: the new parent is inside the branch, the path is taken, or the branch is the root.
    """
    old, slug = category.path, slug or category.slug
    new = f"{parent.path}/{slug}".lstrip("/")
    if old == ROOT_PATH:
        raise CategoryMoveError("The root of the shop cannot be moved.")
    if parent.path == old or parent.path.startswith(f"{old}/"):
        raise CategoryMoveError(f"{old} cannot be moved below itself.")
    if new == old:
        return
    if session.execute(select(Category.id).where(Category.path == new)).first():
        raise CategoryMoveError(f"There is already a category at {new}; move or rename that one first.")
    branch = (
        session.execute(
            select(Category).where(or_(Category.path == old, is_below(old))).order_by(Category.path)
        )
        .scalars()
        .all()
    )
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
    products = session.execute(select(Product.id).where(Product.category_id.in_(ids))).scalars().all()
    writer.refresh(session, products)


def is_below(path: str) -> ColumnElement[bool]:
    """Return the SQL condition "anywhere below this path", as a range that can use the index on paths."""
    return (Category.path > f"{path}/") & (Category.path < f"{path}0")  # "0" follows "/" in ASCII


def slugify(text: str, *, limit: int = 200) -> str:
    """Return the text as a slug of a–z, 0–9 and hyphens; never empty, the same for the same text.

    A text without Latin letters and digits gets a slug that is made of its digest.
    """
    slug = (
        _NOT_SLUG.sub("-", fold(text).replace("&", " and ").replace("'", "").replace("’", ""))
        .strip("-")[:limit]
        .strip("-")
    )
    return slug or f"n-{hashlib.sha256(text.encode()).hexdigest()[:10]}"
