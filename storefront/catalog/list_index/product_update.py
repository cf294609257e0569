"""What lists and search say of one product whose rows are at hand: the same as `listing.refresh`, in few statements.

`listing.refresh` does it for any number of products after any change, and looks at everything for that.
"""

from __future__ import annotations

import html
import re
from collections.abc import Sequence

from sqlalchemy import delete, insert, literal, select, update
from sqlalchemy.orm import Session

from storefront.catalog import search
from storefront.catalog.list_index import writer
from storefront.catalog.list_index.writer import name_key
from storefront.catalog.models import Category, Listing, Product, Variant

_TAG = re.compile(r"<[^>]*>")


def settle_prices(product: Product, variants: Sequence[Variant]) -> None:
    """Copy the lowest and highest price of these, which are all of the product's, onto its row."""
    if not variants:
        return
    cheapest = min(variants, key=lambda variant: (variant.price, variant.position))
    product.price, product.compare_at_price = cheapest.price, cheapest.compare_at_price
    product.price_max = max(variant.price for variant in variants)


def row(product: Product) -> writer.Row:
    """Return what lists have of a product that has a price."""
    return product.price or 0, name_key(product.title), product.vendor


def follow(
    session: Session,
    product: Product,
    variants: Sequence[Variant],
    category: str,
    *,
    before: writer.Row,
    words: bool,
) -> None:
    """Bring lists and search up to date with an active product whose status and category are what they were.

    Args:
        session: of the transaction; what has changed has been flushed.
        product: as it is now.
        variants: all of them, as they are now.
        category: its category's name.
        before: what lists had of it (`row`).
        words: whether anything that is searched has changed.
    """
    if (now := row(product)) != before:
        rows = session.execute(
            update(Listing)
            .where(Listing.product_id == product.id)
            .values(dict(zip(("price", "name_key", "vendor"), now, strict=True)))
            .returning(Listing.category_id)
            .execution_options(synchronize_session=False)
        )
        places = [(category_id, product.id) for category_id in rows.scalars()]
        writer.count(session, dict.fromkeys(places, now), dict.fromkeys(places, before))
    if words:
        others = _words(product, variants, category)
        search.index(session, [search.document(product.id, product.title, others)])


def relist(
    session: Session, product: Product, variants: Sequence[Variant], category: tuple[str | None, str | None],
    *, listed: bool,
) -> None:  # fmt: skip
    """Bring lists, counts and search up to date with a product whose status or category is another now.

    Args:
        session: of the transaction; what has changed has been flushed.
        product: as it is now, with the prices that it has now.
        variants: all of them, as they are now.
        category: its category's path and name; Nones if it has none.
        listed: whether lists had it before.
    """
    present = _taken_out(session, product.id) if listed else {}
    wanted = _put_in(session, product, category[0] or "") if is_listed(product) else {}
    writer.count(session, wanted, present)
    if wanted:
        others = _words(product, variants, category[1] or "")
        search.index(session, [search.document(product.id, product.title, others)])
    elif present:
        search.forget(session, [product.id])


def is_listed(product: Product) -> bool:
    """Return whether lists have a product."""
    return product.status == "active" and product.price is not None


def _taken_out(session: Session, product_id: int) -> writer.Rows:
    """Take a product out of all lists; return what they had of it."""
    columns = (Listing.category_id, Listing.price, Listing.name_key, Listing.vendor)
    rows = session.connection().execute(
        delete(Listing).where(Listing.product_id == product_id).returning(*columns)
    )
    return {(r.category_id, product_id): (r.price, r.name_key, r.vendor) for r in rows}


def _put_in(session: Session, product: Product, path: str) -> writer.Rows:
    """Put a product into the lists of its category and of all above it; return what they have of it."""
    now = row(product)
    found = select(Category.id, literal(product.id), *map(literal, now)).where(
        Category.path.in_(writer.prefixes(path))
    )
    columns = ["category_id", "product_id", "price", "name_key", "vendor"]
    rows = session.connection().execute(
        insert(Listing).from_select(columns, found).returning(Listing.category_id)
    )
    return {(category_id, product.id): now for category_id in rows.scalars()}


def _words(product: Product, variants: Sequence[Variant], category: str) -> Sequence[str]:
    """Return what is searched of a product besides its title."""
    texts = [text for v in variants for text in (v.sku, v.option1, v.option2, v.option3)]
    body = html.unescape(_TAG.sub(" ", product.description_html))
    return (product.vendor, product.product_type, *product.tags, category, *texts, body)
