"""What follows when a product sells out or can be bought again: lists are invalidated, and collections are told.

Lists count and show what is in stock. Collections that list what is in stock change after the commit, through the
outbox, since a purchase must not wait for them.
"""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import event as events
from sqlalchemy import select
from sqlalchemy.orm import Session, UOWTransaction

from storefront import cache, outbox
from storefront.batches import batches
from storefront.catalog.models import Listing
from storefront.shop_cache import keys
from storefront.stock import StockItem

TOPIC = "catalog.availability"  # a message is a list of product ids
_MESSAGE_IDS = 500
_CHANGED = "changed_availability"  # in a session's `info`: the products of its transaction


def invalidate_availability(session: Session, product_id: int) -> None:
    """Invalidate the lists that count or show what is in stock: this product has sold out or come back."""
    _invalidate(session, [product_id])


def enqueue_changes(session: Session) -> None:
    """Enqueue the products of the transaction that may have sold out or come back. Called before each commit."""
    session.flush()
    changed: set[int] = session.info.pop(_CHANGED, set())
    if changed:
        outbox.enqueue(session, TOPIC, *batches(sorted(changed), _MESSAGE_IDS))


@events.listens_for(Session, "after_flush")
def _invalidate_changed_stock(session: Session, _: UOWTransaction) -> None:
    """Invalidate lists for stock rows that are added, deleted or changed without the stock room's functions."""
    rows = (*session.new, *filter(session.is_modified, session.dirty), *session.deleted)
    product_ids = {row.product_id for row in rows if isinstance(row, StockItem)}
    if product_ids:
        _invalidate(session, product_ids)


@events.listens_for(Session, "after_rollback")
def _forget(session: Session) -> None:
    if not session.in_nested_transaction():
        session.info.pop(_CHANGED, None)


def _invalidate(session: Session, product_ids: Collection[int]) -> None:
    above = select(Listing.category_id).where(Listing.product_id.in_(product_ids)).distinct()
    category_ids = session.connection().execute(above).scalars()
    cache.invalidate_on_commit(session, *map(keys.availability_tag, category_ids))
    session.info.setdefault(_CHANGED, set()).update(product_ids)
