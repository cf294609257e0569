"""Bring the list index up to date with one product: as `writer.refresh` does, in fewer statements.

The caller takes a snapshot of the product before its changes and one after them, and passes both to `update`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from sqlalchemy import delete, insert, literal, select
from sqlalchemy import update as update_rows
from sqlalchemy.orm import Session

from storefront.catalog import search
from storefront.catalog.list_index import derivation, further_categories, memberships, writer
from storefront.catalog.list_index.derivation import (
    ListingRow,
    PricedVariant,
    ProductFacts,
    SearchedVariant,
    ancestor_paths,
)
from storefront.catalog.list_index.further_categories import NamedCategory
from storefront.catalog.list_index.writer import ListingRows
from storefront.catalog.models import ROOT_PATH, Category, Listing, Product, Variant


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A product as the list index sees it at one moment."""

    facts: ProductFacts
    paths: frozenset[str]  # of its categories
    further_ids: frozenset[int]  # of its further ones
    compare_at_price: int | None


def snapshot(
    product: Product,
    variants: Sequence[Variant],
    category: tuple[str | None, str | None],
    further: Sequence[NamedCategory] = (),
) -> Snapshot:
    """Return the product as it is now.

    Args:
        product: its row.
        variants: all of its variants.
        category: its category's path and name; Nones without one.
        further: its further categories.
    """
    facts = ProductFacts(
        product_id=product.id,
        title=product.title,
        vendor=product.vendor,
        product_type=product.product_type,
        tags=tuple(product.tags),
        description_html=product.description_html,
        category=category[1] or "",
        price=product.price,
        status=product.status,
        unlisted=product.unlisted,
        variants=[
            SearchedVariant(v.sku, v.label, v.option1, v.option2, v.option3, v.barcode)
            for v in sorted(variants, key=lambda variant: variant.id)
        ],
        further=[each.name for each in further],
    )
    paths = {category[0] or ROOT_PATH, *(each.path for each in further)}
    further_ids = frozenset(each.id for each in further)
    return Snapshot(facts, frozenset(paths), further_ids, product.compare_at_price)


def set_prices(product: Product, variants: Sequence[Variant]) -> None:
    """Copy onto the product's row the prices of its variants; these must be all of them."""
    priced = [PricedVariant(v.price, v.position, v.compare_at_price) for v in variants]
    product.price, product.price_max, product.compare_at_price = derivation.prices(priced)


def update(session: Session, before: Snapshot, after: Snapshot, *, has_collections: bool = True) -> None:
    """Bring lists, counts and search up to date; the changes have been flushed, but for the index itself.

    `has_collections`: False if this transaction has seen that the shop has none, which saves a statement.
    """
    old, new = before.facts, after.facts
    if before.further_ids != after.further_ids:
        further_categories.write(session, {new.product_id: after.further_ids})
    if (old.is_listed, before.paths) != (new.is_listed, after.paths):
        _relist(session, before, after)
    else:
        if new.is_listed and old.row() != new.row():
            _change_rows(session, new.product_id, old.row(), new.row())
        if replace(old, price=new.price) != new:
            search.write(session, [new.searched_texts()])
    if has_collections and _may_change_collections(before, after):
        memberships.refresh(session, [new.product_id])


def _may_change_collections(before: Snapshot, after: Snapshot) -> bool:
    """Return whether a change of the product itself can alter its rows in collections; stock follows by itself."""
    old, new = before.facts, after.facts
    if not (old.is_listed and new.is_listed):
        return old.is_listed != new.is_listed
    asked = [
        (facts.row(), facts.tags, shown.compare_at_price) for facts, shown in ((old, before), (new, after))
    ]
    return asked[0] != asked[1]


def _relist(session: Session, before: Snapshot, after: Snapshot) -> None:
    """Move a product into other lists, or into or out of all of them."""
    old, new = before.facts, after.facts
    present = _remove(session, old.product_id) if old.is_listed else {}
    wanted = _insert(session, new, after.paths) if new.is_listed else {}
    writer.update_counts(session, wanted, present)
    moved = [new.product_id] if old.is_listed != new.is_listed else []
    search.write(session, [new.searched_texts()], moved=moved)


def _change_rows(session: Session, product_id: int, old: ListingRow, new: ListingRow) -> None:
    category_ids = session.execute(
        update_rows(Listing)
        .where(Listing.product_id == product_id)
        .values(new._asdict())
        .returning(Listing.category_id)
        .execution_options(synchronize_session=False)
    ).scalars()
    keys = [(category_id, product_id) for category_id in category_ids]
    writer.update_counts(session, dict.fromkeys(keys, new), dict.fromkeys(keys, old))


def _remove(session: Session, product_id: int) -> ListingRows:
    """Delete a product's rows from all lists, and return them."""
    columns = (Listing.category_id, Listing.price, Listing.name_key, Listing.vendor)
    rows = session.connection().execute(
        delete(Listing).where(Listing.product_id == product_id).returning(*columns)
    )
    return {(row.category_id, product_id): ListingRow(row.price, row.name_key, row.vendor) for row in rows}


def _insert(session: Session, facts: ProductFacts, paths: Iterable[str]) -> ListingRows:
    """Insert a product's rows into the lists of its categories and of all above them, and return them."""
    row = facts.row()
    above = {above for path in paths for above in ancestor_paths(path)}
    source = select(Category.id, literal(facts.product_id), *map(literal, row)).where(
        Category.path.in_(above)
    )
    columns = ["category_id", "product_id", *ListingRow._fields]
    inserted = session.connection().execute(
        insert(Listing).from_select(columns, source).returning(Listing.category_id)
    )
    return {(category_id, facts.product_id): row for category_id in inserted.scalars()}
