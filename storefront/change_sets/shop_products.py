"""The shop's side of a comparison: products with their variants, stock and pictures, read in batches.

Rows are read without the ORM's session, in few statements for many products, and are never written.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from typing import Any, cast

from sqlalchemy import Row, Table, func, select
from sqlalchemy.engine import Connection

from storefront.batches import batches
from storefront.catalog.models import Category, Product, ProductImage, ProductRedirect, Variant
from storefront.extensions import db
from storefront.pauses import pause_between
from storefront.stock import StockItem

_PRODUCTS, _VARIANTS = cast("Table", Product.__table__), cast("Table", Variant.__table__)
_IMAGES, _ITEMS = cast("Table", ProductImage.__table__), cast("Table", StockItem.__table__)
_REDIRECTS, _CATEGORIES = cast("Table", ProductRedirect.__table__), cast("Table", Category.__table__)
_IDS = 500  # of one statement
# Read in this order by every reader of variants: the shop's order.
_VARIANT_ORDER = (_VARIANTS.c.product_id, _VARIANTS.c.position, _VARIANTS.c.id)


@dataclass(slots=True)
class ShopVariant:
    """A variant of the shop. `columns` are those of its row; `picture` is the source of its picture or None."""

    id: int
    sku: str
    label: str
    options: tuple[str, str, str]
    columns: dict[str, Any]
    tracked: bool
    on_hand: int
    reserved: int
    picture: str | None = None


@dataclass(slots=True)
class ShopPicture:
    """A picture of a product of the shop."""

    id: int
    source: str
    columns: dict[str, Any]


@dataclass(slots=True)
class ShopProduct:
    """A product of the shop. `category` holds the names from the top down; empty without a category.

    `further` holds the same of each further category, in the order of its row; `further_paths` their paths.
    """

    id: int
    slug: str
    columns: dict[str, Any]
    category: tuple[str, ...] = ()
    category_path: str = ""
    further: list[tuple[str, ...]] = field(default_factory=list)
    further_paths: list[str] = field(default_factory=list)
    variants: list[ShopVariant] = field(default_factory=list)
    pictures: list[ShopPicture] = field(default_factory=list)


@dataclass(slots=True)
class ShopProducts:
    """Products of the shop that a batch may mean, and what leads to them.

    Attributes:
        by_id: all of them.
        by_slug: by present address.
        by_redirect: by former address.
        code_owners: the id of the product by code of a variant.
        label_owners: the id of the product by label, for labels that one variant of the shop has.
    """

    by_id: dict[int, ShopProduct] = field(default_factory=dict)
    by_slug: dict[str, ShopProduct] = field(default_factory=dict)
    by_redirect: dict[str, ShopProduct] = field(default_factory=dict)
    code_owners: dict[str, int] = field(default_factory=dict)
    label_owners: dict[str, int] = field(default_factory=dict)


def read_products(
    connection: Connection, *, slugs: Collection[str], codes: Collection[str], labels: Collection[str]
) -> ShopProducts:
    """Return the products with these addresses, present or former, variants' codes or unique labels.

    The number of statements does not depend on the number of products.
    """
    found = ShopProducts()
    former: dict[str, int] = {}
    if slugs:
        _add(found, connection.execute(select(_PRODUCTS).where(_PRODUCTS.c.slug.in_(slugs))))
        query = select(_REDIRECTS.c.slug, _REDIRECTS.c.product_id).where(_REDIRECTS.c.slug.in_(slugs))
        former = {row.slug: row.product_id for row in connection.execute(query)}
    if codes:
        query = select(_VARIANTS.c.sku, _VARIANTS.c.product_id).where(_VARIANTS.c.sku.in_(codes))
        found.code_owners = {row.sku: row.product_id for row in connection.execute(query)}
    if labels:
        label, owner = _VARIANTS.c.label, func.min(_VARIANTS.c.product_id).label("owner")
        unique = select(label, owner).where(label.in_(labels)).group_by(label).having(func.count() == 1)
        found.label_owners = {row.label: row.owner for row in connection.execute(unique)}
    others = {
        *former.values(),
        *found.code_owners.values(),
        *found.label_owners.values(),
    } - found.by_id.keys()
    if others:
        _add(found, connection.execute(select(_PRODUCTS).where(_PRODUCTS.c.id.in_(others))))
    found.by_redirect = {slug: found.by_id[owner] for slug, owner in former.items() if owner in found.by_id}
    _add_parts(connection, found)
    return found


def read_by_id(connection: Connection, ids: Collection[int]) -> dict[int, ShopProduct]:
    """Return the products with these ids. The number of statements does not depend on the number of products."""
    found = ShopProducts()
    _add(found, connection.execute(select(_PRODUCTS).where(_PRODUCTS.c.id.in_(ids))))
    _add_parts(connection, found)
    return found.by_id


def sort_by_category(ids: Iterable[int]) -> list[int]:
    """Return the ids in the order of the products' categories; within a category in the given order.

    So the products of a list change in few batches of a change set, and the cache drops the list as seldom. Ids of
    products that do not exist, or have no category, come first.
    """
    wanted, paths = list(ids), dict[int, str]()
    columns = select(Product.id, Category.path).outerjoin(Category, Product.category_id == Category.id)
    with db.engine.connect() as connection:
        for some in pause_between(batches(wanted, _IDS)):
            paths |= {
                key: path or "" for key, path in connection.execute(columns.where(Product.id.in_(some)))
            }
    return sorted(wanted, key=lambda key: paths.get(key, ""))


def count_variants(connection: Connection, ids: Collection[int]) -> dict[int, int]:
    """Return how many variants each of these products has; products without any are absent."""
    owner = _VARIANTS.c.product_id
    query = select(owner, func.count().label("number")).where(owner.in_(ids)).group_by(owner)
    return {row.product_id: row.number for row in connection.execute(query)}


def _add_parts(connection: Connection, found: ShopProducts) -> None:
    if found.by_id:
        _add_pictures(connection, found)
        _add_variants(connection, found)
        _add_categories(connection, found.by_id.values())


def _add(found: ShopProducts, rows: Iterable[Row[Any]]) -> None:
    for row in pause_between(rows):
        product = ShopProduct(row.id, row.slug, dict(row._mapping))
        found.by_id[product.id] = found.by_slug[product.slug] = product


def _add_pictures(connection: Connection, found: ShopProducts) -> None:
    query = select(_IMAGES).where(_IMAGES.c.product_id.in_(found.by_id))
    query = query.order_by(_IMAGES.c.product_id, _IMAGES.c.position, _IMAGES.c.id)
    for row in pause_between(connection.execute(query)):
        found.by_id[row.product_id].pictures.append(ShopPicture(row.id, row.source, dict(row._mapping)))


def _add_variants(connection: Connection, found: ShopProducts) -> None:
    item = _ITEMS.c
    query = select(_VARIANTS, item.tracked, item.on_hand, item.reserved)
    query = query.outerjoin(_ITEMS, item.variant_id == _VARIANTS.c.id)
    sources = {p.id: p.source for product in found.by_id.values() for p in product.pictures}
    query = query.where(_VARIANTS.c.product_id.in_(found.by_id)).order_by(*_VARIANT_ORDER)
    for row in pause_between(connection.execute(query)):
        found.by_id[row.product_id].variants.append(
            ShopVariant(
                id=row.id,
                sku=row.sku,
                label=row.label,
                options=(row.option1, row.option2, row.option3),
                columns=dict(row._mapping),
                tracked=row.tracked is not False,
                on_hand=row.on_hand or 0,
                reserved=row.reserved or 0,
                picture=sources.get(row.image_id),
            )
        )


def read_names(
    connection: Connection, category_ids: Collection[int]
) -> dict[int, tuple[str, tuple[str, ...]]]:
    """Return, for each category that exists, its path and its names from the top down. One statement."""
    if not category_ids:
        return {}
    own, above = _CATEGORIES.c, _CATEGORIES.alias().c
    first = select(own.id.label("of"), own.parent_id, own.path, own.name).where(own.id.in_(category_ids))
    line = first.cte("line", recursive=True)
    step = select(line.c.of, above.parent_id, above.path, above.name).join(line, above.id == line.c.parent_id)
    line = line.union_all(step)
    levels: dict[int, list[tuple[str, str]]] = {}
    for row in connection.execute(select(line.c.of, line.c.path, line.c.name)):
        levels.setdefault(row.of, []).append((row.path, row.name))
    found = {}
    for key, rows in levels.items():
        rows.sort(key=lambda row: len(row[0]))
        found[key] = (rows[-1][0], tuple(name for path, name in rows if path))
    return found


def _add_categories(connection: Connection, products: Collection[ShopProduct]) -> None:
    columns = [product.columns for product in products]
    ids = {key for each in columns for key in (each["category_id"], *each["further_category_ids"])} - {None}
    names = read_names(connection, ids)
    for product in products:
        if (main := names.get(product.columns["category_id"])) is not None:
            product.category_path, product.category = main
        further = [names[key] for key in product.columns["further_category_ids"] if key in names]
        product.further_paths = [path for path, _ in further]
        product.further = [own for _, own in further]
