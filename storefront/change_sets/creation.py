"""Create the products of a batch with few statements: one INSERT for each table."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Table, delete, insert, select

from storefront import cache
from storefront.actors import actor_text
from storefront.catalog import picture_queue
from storefront.catalog.models import Product, ProductImage, ProductRedirect, Variant
from storefront.catalog.pictures import StoredPicture
from storefront.change_sets.batch import Batch, BatchRow
from storefront.change_sets.changes import PictureChange, VariantChange
from storefront.change_sets.results import Left, PictureResult, VariantResult
from storefront.change_sets.row_fields import new_values
from storefront.extensions import connection_of
from storefront.shop_cache import keys
from storefront.stock.items import add_items


def create_products(batch: Batch, rows: Sequence[BatchRow]) -> None:
    """Create the products of these rows. One whose address or codes are taken is left with the reason."""
    creatable = _leave_taken(batch, rows)
    if not creatable:
        return
    actor = {"changed_by": actor_text()}
    products = [_product_values(batch, row) | actor for row in creatable]
    ids = _insert(batch, Product, products)
    pictures: list[dict[str, Any]] = []
    variants: list[tuple[VariantChange, int, int]] = []
    for row, product_id in zip(creatable, ids, strict=True):
        row.product_id = product_id
        of_product = actor | {"product_id": product_id}
        pictures += [_picture_values(batch, change, place) | of_product for place, change in _pictures(row)]
        variants += [(change, place, product_id) for place, change in _variants(row)]
    picture_ids = _insert(batch, ProductImage, pictures)
    picture_queue.enqueue(batch.session, (picture["digest"] for picture in pictures))
    by_source = {(v["product_id"], v["source"]): key for v, key in zip(pictures, picture_ids, strict=True)}
    values = [_variant_values(*variant, by_source) | actor for variant in variants]
    variant_ids = _insert(batch, Variant, values)
    items = [
        first_stock(change) | {"sku": change.sku, "variant_id": key, "product_id": product_id}
        for (change, _, product_id), key in zip(variants, variant_ids, strict=True)
    ]
    add_items(batch.session, items)
    for row in creatable:
        row.result.variants = {change.sku: VariantResult() for _, change in _variants(row)}
        row.result.pictures = {change.source: PictureResult() for _, change in _pictures(row)}
    _announce(batch, [row["slug"] for row in products], ids)


def first_stock(change: VariantChange) -> dict[str, Any]:
    """Return tracked and on_hand of a variant that is created."""
    tracked = change.fields.get("tracked")
    return {
        "tracked": True if tracked is None else bool(tracked.new),
        "on_hand": max(0, change.stock.quantity) if change.stock else 0,
    }


def _leave_taken(batch: Batch, rows: Sequence[BatchRow]) -> list[BatchRow]:
    slugs = {slug: row for row in rows if (slug := _slug(row))}
    taken = set(
        connection_of(batch.session)
        .execute(select(Product.slug).where(Product.slug.in_(list(slugs))))
        .scalars()
    )
    creatable = []
    for row in rows:
        codes = [change.sku for _, change in _variants(row)]
        used = [code for code in codes if code in batch.taken]
        if _slug(row) in taken:
            row.result.left.append(Left("", "slug", f"another product has the address {_slug(row)!r}"))
        elif used:
            row.result.left.append(Left(used[0], "", "another variant has this code, so nothing was created"))
        else:
            taken.add(_slug(row))
            batch.taken.update(codes)
            creatable.append(row)
    return creatable


def _slug(row: BatchRow) -> str:
    change = row.change.fields.get("slug")
    return str(change.new) if change else row.change.slug


def _variants(row: BatchRow) -> Iterable[tuple[int, VariantChange]]:
    return enumerate((v for v in row.change.variants if v.action == "create"), 1)


def _pictures(row: BatchRow) -> Iterable[tuple[int, PictureChange]]:
    by_source = {p.source: p for p in row.change.pictures if p.action == "create"}
    return enumerate(by_source.values(), 1)


def _product_values(batch: Batch, row: BatchRow) -> dict[str, Any]:
    values, extra = new_values(row.change.fields)
    category_id = batch.names.id_of(values.pop("category", None))
    further = batch.names.ids_of(values.pop("further_categories", None))
    own = {"slug": row.change.slug, "title": row.change.title, "category_id": category_id, "extra": extra}
    return own | {"further_category_ids": further} | values


def _picture_values(batch: Batch, change: PictureChange, place: int) -> dict[str, Any]:
    values, extra = new_values(change.fields)
    stored = batch.folder.load(change.source)
    if isinstance(stored, str):
        batch.note(0, "picture", stored)
    found = stored if isinstance(stored, StoredPicture) else None
    return {
        "source": change.source,
        "position": place,
        "alt": "",
        "extra": extra,
        "digest": found.digest if found else None,
        "width": found.width if found else 0,
        "height": found.height if found else 0,
    } | {name: value for name, value in values.items() if value is not None}


def _variant_values(
    change: VariantChange, place: int, product_id: int, pictures: dict[tuple[int, str], int]
) -> dict[str, Any]:
    values, extra = new_values(change.fields)
    values.pop("tracked", None)
    image_id = pictures.get((product_id, values.pop("picture", None) or ""))
    own = {"product_id": product_id, "sku": change.sku, "label": change.sku, "position": place}
    return own | {"image_id": image_id, "extra": extra} | values


def _insert(batch: Batch, model: Any, rows: list[dict[str, Any]]) -> Sequence[int]:
    """Insert rows with one statement; return their ids in order."""
    if not rows:
        return []
    table: Table = model.__table__
    given = [row.keys() for row in rows]
    missing = {
        name: _default(table, name) for name in set().union(*given) - set(rows[0]).intersection(*given)
    }
    statement = insert(table).returning(table.c.id, sort_by_parameter_order=True)
    return connection_of(batch.session).execute(statement, [missing | row for row in rows]).scalars().all()


def _default(table: Table, name: str) -> Any:
    """Return the default of a column, for a row that does not have it while others do."""
    default: Any = table.c[name].default
    if default is None:
        return None
    return default.arg if default.is_scalar else default.arg(None)


def _announce(batch: Batch, slugs: Sequence[str], ids: Sequence[int]) -> None:
    """Invalidate what the models' rules name for new rows: searches, and answers that there was no such page."""
    session = batch.session
    connection_of(session).execute(delete(ProductRedirect).where(ProductRedirect.slug.in_(slugs)))
    cache.invalidate_on_commit(
        session, keys.SEARCH, *map(keys.slug_tag, slugs), cause=batch.change_set.reference
    )
    batch.touched.update(ids)
