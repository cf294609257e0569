"""Bring the list index up to date with one product: as `writer.refresh` does, in fewer statements.

The caller takes a snapshot of the product before its changes and one after them, and passes both to `update`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from sqlalchemy import delete, insert, literal, select
from sqlalchemy import update as update_rows
from sqlalchemy.orm import Session

from storefront.catalog import search
from storefront.catalog.list_index import derivation, writer
from storefront.catalog.list_index.derivation import (
    ListingRow,
    PricedVariant,
    ProductFacts,
    SearchedVariant,
    ancestor_paths,
)
from storefront.catalog.list_index.writer import ListingRows
from storefront.catalog.models import Category, Listing, Product, Variant


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A product as the list index sees it at one moment."""

    facts: ProductFacts
    category_path: str  # "" without a category: the root


def snapshot(
    product: Product, variants: Sequence[Variant], category: tuple[str | None, str | None]
) -> Snapshot:
    """Return the product as it is now.

    Args:
        product: its row.
        variants: all of its variants.
        category: its category's path and name; Nones without one.
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
            SearchedVariant(v.sku, v.label, v.option1, v.option2, v.option3, v.barcode) for v in variants
        ],
    )
    return Snapshot(facts, category[0] or "")


def set_prices(product: Product, variants: Sequence[Variant]) -> None:
    """Copy onto the product's row the prices of its variants; these must be all of them."""
    priced = [PricedVariant(v.price, v.position, v.compare_at_price) for v in variants]
    product.price, product.price_max, product.compare_at_price = derivation.prices(priced)


def update(session: Session, before: Snapshot, after: Snapshot) -> None:
    """Bring lists, counts and search up to date; the changes have been flushed, but for the index itself."""
    old, new = before.facts, after.facts
    if (old.is_listed, before.category_path) != (new.is_listed, after.category_path):
        _relist(session, before, after)
    elif new.is_listed:
        if old.row() != new.row():
            _change_rows(session, new.product_id, old.row(), new.row())
        if replace(old, price=new.price) != new:
            search.write(session, [new.searched_texts()])


def _relist(session: Session, before: Snapshot, after: Snapshot) -> None:
    """Move a product into other lists, or into or out of all of them."""
    old, new = before.facts, after.facts
    present = _remove(session, old.product_id) if old.is_listed else {}
    wanted = _insert(session, new, after.category_path) if new.is_listed else {}
    writer.update_counts(session, wanted, present)
    if wanted:
        search.write(session, [new.searched_texts()])
    elif present:
        search.remove(session, [new.product_id])


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


def _insert(session: Session, facts: ProductFacts, path: str) -> ListingRows:
    """Insert a product's rows into the lists of a category and of all above it, and return them."""
    row = facts.row()
    source = select(Category.id, literal(facts.product_id), *map(literal, row)).where(
        Category.path.in_(ancestor_paths(path))
    )
    columns = ["category_id", "product_id", *ListingRow._fields]
    inserted = session.connection().execute(
        insert(Listing).from_select(columns, source).returning(Listing.category_id)
    )
    return {(category_id, facts.product_id): row for category_id in inserted.scalars()}
