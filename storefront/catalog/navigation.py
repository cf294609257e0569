"""A page's place in the category tree: the top categories, the path down to it, and its children."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Executable,
    Select,
    SQLColumnExpression,
    String,
    bindparam,
    case,
    exists,
    func,
    literal,
    select,
)
from sqlalchemy.orm import aliased

from storefront import cache
from storefront.catalog.category_ranking import TOP_CATEGORIES, rank_columns, rank_key
from storefront.catalog.list_index.derivation import ancestor_paths
from storefront.catalog.models import (
    MAX_LEVELS,
    ROOT_PATH,
    Category,
    Listing,
    Product,
    ProductImage,
    RenditionSet,
)
from storefront.catalog.moved_addresses import find_moved_category, find_successor
from storefront.catalog.page_data import RENDITION_COLUMNS, CategoryAbout, CategoryLink, Navigation, Picture
from storefront.errors import StorefrontError
from storefront.extensions import db
from storefront.i18n import gettext as _
from storefront.joint_queries import read_rows
from storefront.shop_cache import keys
from storefront.text_translations import built_once, translated
from storefront.text_translations.models import CATEGORY
from storefront.web.prefix import add_prefix

CHILDREN = 60

_COLUMNS = (
    Category.id,
    Category.parent_id,
    Category.path,
    Category.position,
    Category.product_count,
    Category.hidden,
)
_TEXTS = (Category.description_html, Category.seo_title, Category.seo_description)
_RENDITIONS = [
    select(column).where(RenditionSet.digest == Category.picture_digest).correlate(Category).scalar_subquery()
    for column in RENDITION_COLUMNS
]
# As `Picture.of_row` reads them.
_PICTURE = (
    *(Category.picture_digest.label("digest"), Category.picture_width.label("width")),
    *(Category.picture_height.label("height"), Category.picture_alt.label("picture_alt")),
    *(_RENDITIONS[0].label("webp"), _RENDITIONS[1].label("avif")),
)


class NotInShopError(StorefrontError):
    """The shop has no such category or product, or does not show it."""

    status = 404


class MovedError(StorefrontError):
    """A category or product has another address now.

    Attributes:
        url: the new address.
    """

    status = 301

    def __init__(self, url: str) -> None:
        super().__init__(_("This page has moved to %(url)s.", url=url))
        self.url = url


class GoneError(StorefrontError):
    """The product has been archived."""

    status = 410


def load_navigation(path: str) -> tuple[Navigation, int]:
    """Return a category's navigation and its id, from the cache or with one statement.

    Raises:
        NotInShopError: there is no such category.
        MovedError: the category has moved.
    """
    return cache.fetch(keys.category(path), tuple[Navigation, int], lambda: _read_navigation(path))


def load_trail(path: str) -> Navigation:
    """Return the menu and the way down to a category, from the cache or with one statement.

    Product pages show no more. What they do not show, such as counts, does not invalidate them: an import changes the
    counts of a whole shop.
    """
    return cache.fetch(keys.trail(path), Navigation, lambda: _read_trail(path))


def _read_trail(path: str) -> Navigation:
    prefixes = ancestor_paths(path)[1:]
    cache.depends_on(keys.NAVIGATION, *map(keys.path_tag, prefixes))
    rows = read_rows(_select_trail(), {"above": ancestor_paths(path)})
    by_path = {row.path: row for row in rows}
    return Navigation(
        top=_top_links(rows, by_path[ROOT_PATH].id),
        trail=[_name_link(by_path[prefix]) for prefix in prefixes if prefix in by_path],
        children=[],
        products=0,
    )


@built_once
def _select_trail() -> Executable:
    return select(*_columns()).where(Category.path.in_(_above())).union(_top_categories())


def _above() -> BindParameter[Sequence[str]]:
    return bindparam("above", expanding=True)


def _top_links(rows: Iterable[Any], root_id: int) -> list[CategoryLink]:
    """Return the links of the menu, from rows that contain its categories."""
    shown = (row for row in rows if row.parent_id == root_id and _is_linked(row))
    return [_name_link(row) for row in sorted(shown, key=rank_key)][:TOP_CATEGORIES]


@built_once
def _select_top() -> Select[Any]:
    return _top_categories()


def _top_categories(texts: Sequence[SQLColumnExpression[Any]] = ()) -> Select[Any]:
    here = aliased(Category)
    return _children(select(here.id).where(here.path == ROOT_PATH), TOP_CATEGORIES, texts)


def load_top_links() -> list[CategoryLink]:
    """Return the links to the top categories, from the cache or with one statement."""
    return cache.fetch(keys.menu(), list[CategoryLink], _read_top_links)


def _no_category() -> NotInShopError:
    return NotInShopError(_("There is no category with this address. It may have been renamed or removed."))


def _read_top_links() -> list[CategoryLink]:
    cache.depends_on(keys.NAVIGATION)
    rows = read_rows(_select_top())
    return [_name_link(row) for row in sorted(rows, key=rank_key)]


def _read_navigation(path: str) -> tuple[Navigation, int]:
    cache.depends_on(keys.NAVIGATION, *map(keys.path_tag, {path, *ancestor_paths(path)[1:]}))
    if path.count("/") >= MAX_LEVELS:  # the statement below names each level
        raise _no_category()
    rows = read_rows(_select_navigation(), {"path": path, "above": ancestor_paths(path)})
    by_path = {row.path: row for row in rows}
    if path not in by_path:
        if target := find_moved_category(path):
            raise MovedError(add_prefix(target))
        raise _no_category()
    if path != ROOT_PATH and not by_path[path].product_count and (successor := find_successor(path)):
        raise MovedError(add_prefix(successor))
    cache.depends_on(keys.category_tag(by_path[path].id))  # for the counts of products
    below_it = (r for r in rows if _is_linked(r) and r.parent_id == by_path[path].id)
    children = [counted_link(r) for r in sorted(below_it, key=rank_key)]
    navigation = Navigation(
        top=_top_links(rows, by_path[ROOT_PATH].id),
        trail=[_name_link(by_path[prefix]) for prefix in ancestor_paths(path)[1:]],
        children=children[:CHILDREN],
        products=by_path[path].product_count,
        has_more_children=len(children) > CHILDREN,
        about=_about(by_path[path]),
    )
    return navigation, by_path[path].id


@built_once
def _select_navigation() -> Executable:
    """Return the statement for the categories above a path, at the top and below it, with the path's own texts."""
    here, path = aliased(Category), bindparam("path", type_=String)
    # Of the category alone: the texts of its neighbours would be read in vain.
    own: tuple[Any, ...] = (
        *(translated(text, CATEGORY, Category.id, text.key) for text in _TEXTS),
        *_PICTURE,
    )
    texts = [case((Category.path == path, column)).label(column.key) for column in own]
    above = select(*_columns(), *texts).where(Category.path.in_(_above()))
    below = _children(select(here.id).where(here.path == path), CHILDREN + 1, texts)
    return above.union(_top_categories(texts), below)


def _about(row: Any) -> CategoryAbout:
    texts = {text.key: getattr(row, text.key) for text in _TEXTS}
    return CategoryAbout(**texts, picture=Picture.of_row(row, row.picture_alt))


def load_top_categories(root_id: int) -> tuple[list[CategoryLink], int]:
    """Return the top categories with their pictures, and the number of all. One statement.

    A category without a picture has the cover of its newest product.
    """
    total = select(func.count()).select_from(Category).where(*linked_conditions()).scalar_subquery()
    columns = (Category.picture_digest, Category.picture_width, Category.picture_height)
    top = _children(select(literal(root_id)), TOP_CATEGORIES, columns).subquery()
    digest = func.coalesce(top.c.picture_digest, ProductImage.digest)
    has_own = top.c.picture_digest.is_not(None)
    newest_id = (
        select(func.max(Listing.product_id))
        .where(Listing.category_id == top.c.id)
        .correlate(top)
        .scalar_subquery()
    )
    rows = db.session.execute(
        select(
            top,
            newest_id.label("newest_id"),
            digest.label("digest"),
            case((has_own, top.c.picture_width), else_=ProductImage.width).label("width"),
            case((has_own, top.c.picture_height), else_=ProductImage.height).label("height"),
            total.label("total"),
            *RENDITION_COLUMNS,
        )
        .select_from(top)
        .outerjoin(Product, Product.id == newest_id)
        .outerjoin(ProductImage, ProductImage.id == Product.cover_id)
        .outerjoin(RenditionSet, RenditionSet.digest == digest)
        .order_by(*rank_columns(top.c))
    ).all()
    cache.depends_on(*(keys.card_tag(row.newest_id) for row in rows if row.newest_id))
    links = [
        # The name is printed beside the picture: a screen reader would read it twice.
        counted_link(row, Picture.of_row(row, alt=""))
        for row in rows
    ]
    return links, rows[0].total if rows else 0


def shown_conditions() -> tuple[ColumnElement[bool], ...]:
    """Return the SQL conditions for the categories that have a page: those with products, without the root."""
    return Category.path != ROOT_PATH, Category.product_count > 0


def linked_conditions() -> tuple[ColumnElement[bool], ...]:
    """Return the SQL conditions for the categories that pages link to: not those that are hidden, or below one."""
    hidden = aliased(Category)
    is_inside = (Category.path > hidden.path + "/") & (Category.path < hidden.path + "0")  # as `is_below`
    return (*shown_conditions(), ~Category.hidden, ~exists().where(hidden.hidden, is_inside))


def _is_linked(row: Any) -> bool:
    return row.product_count > 0 and not row.hidden


def _children(
    parent_id: Select[*tuple[Any, ...]], most: int, texts: Sequence[SQLColumnExpression[Any]] = ()
) -> Select[*tuple[Any, ...]]:
    # The limit is inside, since a category may have thousands of children; SQLite needs the outer select in a union.
    first = select(*_columns(), *texts).where(
        Category.parent_id == parent_id.scalar_subquery(), Category.product_count > 0, ~Category.hidden
    )
    return select(first.order_by(*rank_columns()).limit(most).subquery())


def _columns() -> tuple[SQLColumnExpression[Any], ...]:
    return (*_COLUMNS, category_name())


def category_name() -> SQLColumnExpression[str]:
    """Return the name of a category in the present language as a column `name`."""
    return translated(Category.name, CATEGORY, Category.id, "name")


def _name_link(row: Any) -> CategoryLink:
    return CategoryLink(row.name, row.path)


def counted_link(row: Any, picture: Picture | None = None) -> CategoryLink:
    """Return the link to a category with the number of its products."""
    return CategoryLink(row.name, row.path, row.product_count, picture)
