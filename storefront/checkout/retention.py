"""The sweeper: in every serving process, holds that are past are given back, and what is old is forgotten."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from flask import Flask
from sqlalchemy import Select, delete, exists, select, update
from sqlalchemy.orm import Session

from storefront import periodic
from storefront.checkout import holds
from storefront.checkout.models import Checkout, Hold, Order
from storefront.checkout.payment import expiry
from storefront.extensions import db, write_transaction

KEYS_KEPT = timedelta(days=7)
DRAFTS_KEPT = timedelta(days=30)


def init_app(app: Flask) -> None:
    """Let every serving process look around."""
    periodic.add_task(app, "checkout-sweeper", clean_up, interval=5.0)
    periodic.add_task(app, "unpaid-orders", expiry.cancel_unpaid_orders, interval=60.0)


def clean_up() -> int:
    """Give back what is past and forget what is old; return how many holds were released. Writes only if it must."""
    now, released = datetime.now(UTC), 0
    while _is_there(select(Hold.id).where(Hold.expires_at < now)):
        with write_transaction() as session:
            found = holds.release_expired_batch(session)
        released += found
        if not found:
            break  # others are at it
    if _is_there(_old_keys(now)) or _is_there(_old_drafts(now)):
        with write_transaction() as session:
            _forget(session, now)
    return released


def _old_keys(now: datetime) -> Select[int]:
    return select(Order.id).where(Order.key.is_not(None), Order.placed_at < now - KEYS_KEPT)


def _old_drafts(now: datetime) -> Select[int]:
    return select(Checkout.id).where(
        Checkout.updated_at < now - DRAFTS_KEPT,
        ~exists(select(Hold.id).where(Hold.checkout_id == Checkout.id)),
    )


def _forget(session: Session, now: datetime) -> None:
    session.execute(update(Order).where(Order.id.in_(_old_keys(now))).values(key=None))
    session.execute(delete(Checkout).where(Checkout.id.in_(_old_drafts(now))))


def _is_there(query: Select[int]) -> bool:
    with db.engine.connect() as connection:
        return connection.execute(query.limit(1)).first() is not None
