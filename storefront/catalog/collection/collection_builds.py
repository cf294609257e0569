"""Fills collections in the background, in batches, and keeps them up to date with stock and time.

A build walks from the newest product to the oldest, so that first pages are there first. A transaction holds one
batch; after a restart another process goes on where the last commit was. Stock that sells out or comes back arrives
through the outbox. Products that have become too old for a rule are found by the periodic task; pages end at that
moment by themselves.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Any

from flask import Flask, current_app
from sqlalchemy import and_, select, update
from sqlalchemy.orm import Session

from storefront import outbox, periodic
from storefront.app_state import AppState
from storefront.background.old_rows import delete_old_rows
from storefront.batches import batches
from storefront.catalog.collection import collection_edits
from storefront.catalog.collection.membership_rules import read_rule, uses
from storefront.catalog.collection.models import Collection, CollectionListing
from storefront.catalog.list_index import availability, memberships
from storefront.catalog.models import Product
from storefront.extensions import db, run_again, write_transaction

TASK = "collections"
INTERVAL = 2.0  # seconds between two looks for collections to build and products that are too old
BATCH = 500  # products in one transaction
PAUSE = 0.05  # seconds after each: visitors' requests have the larger part of the process
_TABLE: Any = Collection.__table__
_task = AppState[periodic.PeriodicTask]("catalog.collections")


def init_app(app: Flask) -> None:
    """Build collections and follow time in every serving process; follow stock after each commit."""
    task = periodic.add_task(app, TASK, work, interval=INTERVAL)
    task.busy_interval = PAUSE
    _task.set(app, task)
    periodic.add_task(app, "deleted-collections", forget_deleted, interval=3600.0)
    outbox.before_commit(app, availability.enqueue_changes)
    outbox.subscribe(app, availability.TOPIC, follow_stock)


def start_build(collection_id: int) -> None:
    """Build the newest products of a collection now; a large shop's other products follow in the background."""
    if run_again(lambda: build_batch(collection_id)):
        _task.get(current_app).wake()


def work() -> bool:
    """Take out products that are too old, and build one batch; return whether there is more to do."""
    is_behind = end_old_memberships()
    waiting = select(Collection.id).where(Collection.build_before.is_not(None)).order_by(Collection.id)
    collection_id = db.session.execute(waiting.limit(1)).scalar_one_or_none()
    db.session.rollback()
    if collection_id is None:
        return is_behind
    build_batch(collection_id)
    return True


def build_batch(collection_id: int) -> bool:
    """Decide for the next products whether a collection lists them; return whether products are left."""
    with write_transaction() as session:
        own = Collection.id == collection_id
        before = session.execute(select(Collection.build_before).where(own)).scalar_one_or_none()
        if before is None:
            return False
        ids = _lock_next(session, before)
        # After the products, as every transaction that needs both.
        again = select(Collection.build_before).where(own).with_for_update(key_share=True)
        if session.execute(again).scalar_one_or_none() != before:
            return True  # another process has built these, or the rule has changed
        memberships.refresh(session, ids, only=collection_id)
        left = min(ids) if len(ids) == BATCH else None
        session.execute(update(_TABLE).where(_TABLE.c.id == collection_id).values(build_before=left))
    return left is not None


def end_old_memberships() -> bool:
    """Take products out of collections for which they have become too old; return whether there may be more."""
    old = (
        select(CollectionListing.product_id)
        .join(Collection, Collection.id == CollectionListing.collection_id)
        .where(CollectionListing.until <= datetime.now(UTC))
        .limit(BATCH)
    )
    product_ids = db.session.execute(old).scalars().all()
    db.session.rollback()
    if product_ids:
        _refresh(product_ids)
    return len(product_ids) == BATCH


def forget_deleted() -> int:
    """Delete a batch of the collections that cannot be put back any more; return how many."""
    is_old = Collection.deleted_at < datetime.now(UTC) - collection_edits.RESTORABLE
    return delete_old_rows(Collection, and_(is_old, Collection.product_count == 0))


def follow_stock(payloads: list[list[int]]) -> None:
    """Bring the collections that list what is in stock up to date with these products: a handler of the outbox."""
    product_ids = sorted({product_id for payload in payloads for product_id in payload})
    # It runs just after a commit, when that transaction's session cannot be used: a context has a session of its own.
    with current_app.app_context():
        rules = map(read_rule, db.session.execute(select(Collection.rule)).scalars())
        if any(uses(rule, "in_stock") for rule in rules):
            for batch in batches(product_ids, BATCH):
                run_again(partial(_refresh, batch))


def _refresh(product_ids: Sequence[int]) -> None:
    with write_transaction() as session:
        memberships.refresh(session, memberships.lock_products(session, product_ids), mode="strict")


def _lock_next(session: Session, before: int) -> list[int]:
    query = select(Product.id).where(Product.id < before).order_by(Product.id.desc()).limit(BATCH)
    return memberships.lock_products(session, session.execute(query).scalars())
