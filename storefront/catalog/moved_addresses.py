"""Find where an address without a page leads: misspelt ones, those of the shop that moved here, and redirects.

Nothing here runs for a page that exists. Every answer is the address of one of the shop's own pages, or a path that a
redirect names; docs/addresses.md has the rules.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import unquote

from sqlalchemy import Row, func, literal, or_, select

from storefront import cache
from storefront.catalog.collection.models import Collection
from storefront.catalog.models import AddressRedirect, Category, CategoryRedirect, Product, ProductRedirect
from storefront.catalog.slugs import (
    category_path,
    collection_path,
    handle_slug,
    plain_handle_slug,
    product_path,
    slugify,
)
from storefront.extensions import db
from storefront.shop_cache import keys
from storefront.unicode_text import normalize

MAX_PATH = 1000  # characters of an address that is looked for
MAX_REDIRECTS = 10  # that lead to one another
# What mail programs and people append to an address.
_APPENDED = " \t\r\n/.,;:!?)>]}'\"»”’"


def strip_appended(path: str) -> str:
    """Return an address in NFC without spaces, and without the punctuation that mail programs append."""
    return normalize("NFC", path).strip().rstrip(_APPENDED)


def redirect_key(path: str) -> str:
    """Return the form in which redirects keep a path: decoded, without case, appended punctuation, double slashes."""
    levels = strip_appended(unquote(path)).casefold().split("/")
    return "/" + "/".join(level for level in levels if level)


def find_moved_product(slug: str) -> str | None:
    """Return the path to which the address of a product that the shop does not show leads; None if to none.

    It costs three statements.
    """
    if len(slug) > MAX_PATH:
        return None
    return _find_product(slug) or find_redirect(f"/products/{slug}")


def find_moved_category(path: str) -> str | None:
    """Like `find_moved_product`, for the path of a category."""
    if len(path) > MAX_PATH:
        return None
    return _find_category(path) or find_redirect(f"/categories/{path}")


def find_moved_collection(slug: str) -> str | None:
    """Like `find_moved_product`, for a slug that no collection has in any spelling (`list_spellings`).

    It may be the name of a Shopify collection.
    """
    if len(slug) > MAX_PATH:
        return None
    path = f"/collections/{slug}"
    return find_redirect(path) or _find_foreign(path)


def find_moved_page(path: str, is_page: Callable[[str, bool], bool]) -> str | None:
    """Return the path to which any other path without a page leads; None if to none.

    Args:
        path: the path as the client sent it, decoded, without the shop's prefix.
        is_page: whether a path is one of the shop's other pages; the second argument: one at a fixed path.
    """
    if len(path) > MAX_PATH:
        return None

    def find() -> str | None:
        cache.depends_on(keys.REDIRECTS)
        plain = strip_appended(path)
        lower = plain.lower()
        kind, _, rest = plain.lstrip("/").partition("/")
        if rest and kind.lower() in _FINDERS:
            return _FINDERS[kind.lower()](rest) or find_redirect(path) or _find_foreign(plain)
        # A redirect comes first: whether a page of the merchant's own is at another spelling is not known here.
        if target := find_redirect(path):
            return target
        spellings = ((plain, False), (lower, True))
        return next((s for s, fixed in spellings if s not in (path, "") and is_page(s, fixed)), None)

    return cache.fetch(keys.moved_address(path), str | None, find)  # type: ignore[arg-type]


def find_redirect(path: str) -> str | None:
    """Return the target of the redirect at this path, at the end of a chain of redirects; None without one."""
    cache.depends_on(keys.REDIRECTS)
    if not cache.fetch(keys.has_redirects(), bool, _has_redirects):
        return None
    key, target = redirect_key(path), None
    for _ in range(MAX_REDIRECTS):
        query = select(AddressRedirect.target).where(AddressRedirect.path == key)
        following = db.session.execute(query).scalar_one_or_none()
        if following is None:
            break
        target = following
        bare = target.partition("#")[0].partition("?")[0]
        if shown := _find_shown(bare):
            return shown + target[len(bare) :]
        key = redirect_key(bare)
    else:
        return None  # a circle
    return target and (_find_foreign(unquote(target)) or target)


def find_successor(path: str) -> str | None:
    """Return the path of the category's page to which the products of an empty category went; None without one.

    If that category is empty too, its own redirect counts, and so on. One statement.
    """
    cache.depends_on(keys.CATEGORY_TREE, keys.path_tag(path))  # a category is filled or emptied
    first = select(CategoryRedirect.category_id, literal(1).label("step")).where(
        CategoryRedirect.path == path
    )
    steps = first.cte("steps", recursive=True)
    following = (
        select(CategoryRedirect.category_id, steps.c.step + 1)
        .select_from(steps)
        .join(Category, Category.id == steps.c.category_id)
        .join(CategoryRedirect, CategoryRedirect.path == Category.path)
        .where(Category.product_count == 0, steps.c.step < MAX_REDIRECTS)
    )
    steps = steps.union_all(following)
    filled = select(Category.path).join(steps, steps.c.category_id == Category.id)
    query = filled.where(Category.product_count > 0).order_by(steps.c.step).limit(1)
    found = db.session.execute(query).scalar_one_or_none()
    return None if found is None else category_path(found)


def _has_redirects() -> bool:
    cache.depends_on(keys.REDIRECTS)
    return db.session.execute(select(AddressRedirect.path).limit(1)).first() is not None


def _find_shown(path: str) -> str | None:
    """Return the path of the page that this path names, if the shop shows it or it has moved."""
    kind, _, rest = unquote(path).lstrip("/").partition("/")
    return _FINDERS[kind](rest) if rest and kind in _FINDERS else None


def _find_product(slug: str) -> str | None:
    """Return the path of the product whose slug, or former slug, is spelt like this one."""
    plain = strip_appended(slug)
    if not plain or "/" in plain:
        return None
    spellings = [slug, plain, plain.lower(), plain.upper(), plain.capitalize()]
    spellings += filter(None, (handle_slug(plain), plain_handle_slug(plain)))
    cache.depends_on(*map(keys.slug_tag, spellings))
    former = select(ProductRedirect.slug.label("spelling"), Product.id, Product.slug).join(Product)
    former = former.where(Product.status != "draft")
    rows: list[Row[Any]] = list(db.session.execute(former.where(ProductRedirect.slug.in_(spellings))))
    if slug not in {row.spelling for row in rows}:
        # SQLite's lower() knows ASCII only: the spellings cover most other letters.
        lower = {plain.lower(), "".join(c.lower() if c.isascii() else c for c in plain)}
        same = or_(Product.slug.in_(spellings), func.lower(Product.slug).in_(lower))
        present = select(Product.slug.label("spelling"), Product.id, Product.slug)
        shown = present.where(same, Product.status == "active", Product.price.is_not(None))
        rows = [*db.session.execute(shown.order_by(Product.id).limit(20)), *rows]
    row = _first(rows, spellings)
    if row is None:
        return None
    cache.depends_on(keys.product_tag(row.id))
    return product_path(row.slug)


def _find_category(path: str) -> str | None:
    """Return the path of the category whose path, or former path, is spelt like this one."""
    plain = strip_appended(path).strip("/")
    if not plain:
        return None
    spellings = [path, plain, plain.lower(), "/".join(map(slugify, plain.split("/")))]
    cache.depends_on(*map(keys.path_tag, spellings))
    columns = (Category.id, Category.path, Category.product_count)
    present = select(Category.path.label("spelling"), *columns)
    former = select(CategoryRedirect.path.label("spelling"), *columns).join(Category)
    rows: list[Row[Any]] = [
        *db.session.execute(present.where(Category.path.in_(spellings))),
        *db.session.execute(former.where(CategoryRedirect.path.in_(spellings))),
    ]
    row = _first(rows, spellings)
    if row is None:
        return None
    cache.depends_on(keys.category_tag(row.id), keys.path_tag(row.path))
    return (None if row.product_count else find_successor(row.path)) or category_path(row.path)


def list_spellings(slug: str) -> list[str]:
    """Return the slugs of collections that an address may mean: its own first."""
    plain = strip_appended(slug)
    return [slug, plain, plain.lower(), slugify(plain)]


def _find_collection(slug: str) -> str | None:
    """Return the path of the collection whose slug is spelt like this one."""
    spellings = list_spellings(slug)
    cache.depends_on(*map(keys.collection_slug_tag, spellings))
    query = select(Collection.slug.label("spelling")).where(
        Collection.slug.in_(spellings), Collection.is_present()
    )
    row = _first(db.session.execute(query), spellings)
    return None if row is None else collection_path(row.spelling)


def _find_foreign(path: str) -> str | None:
    """Return the path of the category or product that an address of a Shopify collection names."""
    kind, _, rest = path.lstrip("/").partition("/")
    handle, _, product = rest.partition("/")
    if kind.lower() != "collections" or not handle:
        return None
    if product.lower().startswith("products/"):
        return _find_product(product.partition("/")[2])
    if handle.lower() == "all":
        return "/products"
    return _find_category(handle)


# By the beginning of a path: the finder of the page that the rest names.
_FINDERS: dict[str, Callable[[str], str | None]] = {
    "products": _find_product,
    "categories": _find_category,
    "collections": _find_collection,
}


def _first(rows: Iterable[Row[Any]], spellings: list[str]) -> Row[Any] | None:
    """Return the row whose spelling comes first in the list, else the first row."""
    order = {spelling: place for place, spelling in reversed(list(enumerate(spellings)))}
    return min(rows, key=lambda row: order.get(row.spelling, len(spellings)), default=None)
