"""Delete products that nobody has bought: with their variants, pictures, stock and places in lists."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from sqlalchemy import select
from sqlalchemy.orm import Session

from storefront import cache
from storefront.batches import batches
from storefront.catalog.list_index import writer
from storefront.catalog.models import Product
from storefront.catalog.product_writer import LockedProduct
from storefront.change_sets.codes import find_needed_codes
from storefront.errors import StorefrontError
from storefront.extensions import connection_of
from storefront.shop_cache import keys
from storefront.stock import StockItem
from storefront.stock.items import remove_items

CHUNK = 500  # codes in one statement
# Why a product is not deleted; `code` is that of one of its variants.
NEEDED = (
    "{code} has been ordered, or is in a basket at the checkout, so the product stays. "
    "Archive it instead: it is then in no list, and cannot be bought."
)


class ProductNeededError(StorefrontError):
    """A product cannot be deleted, since orders or baskets need it; the text says so and what to do instead."""

    status = 409


def delete_product(session: Session, loaded: LockedProduct, *, reason: str) -> None:
    """Delete a locked product that was never sold; the ledger gets a line for what was on hand.

    Raises:
        ProductNeededError: somebody has ordered it, or holds it in a basket.
    """
    codes = list(loaded.variants)
    # Whoever reserves stock changes this row first, so that nobody can take the product after the look-up.
    query = select(StockItem).where(StockItem.sku.in_(codes)).order_by(StockItem.sku)
    locked = query.with_for_update().execution_options(populate_existing=True)
    items = session.execute(locked).scalars().all()
    needed = find_needed_codes(connection_of(session), codes)
    needed |= {item.sku for item in items if item.reserved}
    if needed:
        raise ProductNeededError(NEEDED.format(code=min(needed)))
    remove_products(session, [loaded.row], items, reason=reason, reference="")


def remove_products(
    session: Session,
    products: Collection[Product],
    items: Iterable[StockItem],
    *,
    reason: str,
    reference: str,
) -> None:
    """Delete products with all that belongs to them; the caller has made sure that nobody needs them.

    Args:
        session: a session in a writing transaction.
        products: the products.
        items: the stock of their variants.
        reason: why, for the ledger of stock.
        reference: what the ledger's lines belong to, such as a change set.
    """
    items = list(items)
    writer.write(session, [], unlisted=[row.id for row in products])  # before the rows go: counts follow
    for chunk in batches([item.sku for item in items], CHUNK):
        remove_items(session, chunk, reason=reason, reference=reference)
    for item in items:
        session.expunge(item)
    for row in products:
        spellings = {row.slug, row.slug.lower()}  # a misspelt address depends on the lower case
        cache.invalidate_on_commit(session, keys.SEARCH, *map(keys.slug_tag, spellings))
        session.delete(row)
    session.flush()
