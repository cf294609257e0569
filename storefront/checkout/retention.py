"""What the checkout keeps, and for how long: holds and their clients, drafts, idempotency keys, deleted accounts."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from flask import Flask
from sqlalchemy import Select, delete, exists, select, update
from sqlalchemy.orm import Session

from storefront import accounts, cart, periodic
from storefront.checkout import holds
from storefront.checkout.hold_budgets import TIME_WINDOW
from storefront.checkout.models import Checkout, Hold, HoldTime, Order
from storefront.checkout.order_states import UNPAID
from storefront.extensions import db, write_transaction

KEY_LIFETIME = timedelta(days=7)
DRAFT_LIFETIME = timedelta(days=30)


def init_app(app: Flask) -> None:
    """Clean up in every serving process, and when baskets are merged or accounts are deleted."""
    periodic.add_task(app, "checkout-sweeper", clean_up, interval=5.0)
    cart.merged.register(app, _release_merged)
    accounts.account_deleted.register(app, _forget_account)


def clean_up() -> int:
    """Release expired holds, and delete old drafts, keys and clients; return how many holds were released.

    It opens a write transaction only if there is something to write.
    """
    now, released = datetime.now(UTC), 0
    while _exists(select(Hold.id).where(Hold.expires_at < now)):
        with write_transaction() as session:
            count = holds.release_expired_batch(session)
        released += count
        if not count:
            break  # another process has locked the rest
    queries = (_old_keys(now), _old_drafts(now), _old_times(now), _settled_clients())
    if any(_exists(query) for query in queries):
        keys, drafts, times, clients = queries
        with write_transaction() as session:
            session.execute(update(Order).where(Order.id.in_(keys)).values(key=None))
            session.execute(delete(Checkout).where(Checkout.id.in_(drafts)))
            session.execute(delete(HoldTime).where(HoldTime.id.in_(times)))
            session.execute(update(Order).where(Order.id.in_(clients)).values(client=None))
    return released


def _old_times(now: datetime) -> Select[int]:
    return select(HoldTime.id).where(HoldTime.at < now - TIME_WINDOW)


def _settled_clients() -> Select[int]:
    """Return orders whose client no longer counts in a budget: they are paid, shipped or cancelled."""
    return select(Order.id).where(Order.client.is_not(None), ~UNPAID)


def _old_keys(now: datetime) -> Select[int]:
    return select(Order.id).where(Order.key.is_not(None), Order.placed_at < now - KEY_LIFETIME)


def _old_drafts(now: datetime) -> Select[int]:
    return select(Checkout.id).where(
        Checkout.updated_at < now - DRAFT_LIFETIME,
        ~exists(select(Hold.id).where(Hold.checkout_id == Checkout.id)),
    )


def _exists(query: Select[int]) -> bool:
    with db.engine.connect() as connection:
        return connection.execute(query.limit(1)).first() is not None


def _release_merged(session: Session, merged_cart: int, _into: int) -> None:
    """Release the holds of a guest's basket that is merged into an account's, so that the account can hold them."""
    draft_id = session.execute(
        select(Checkout.id).where(Checkout.cart_id == merged_cart)
    ).scalar_one_or_none()
    if draft_id is not None:
        holds.release(session, draft_id)


def _forget_account(session: Session, user_id: int) -> None:
    """Delete an account's drafts, and unlink its orders: the law requires that receipts are kept."""
    session.execute(update(Order).where(Order.user_id == user_id).values(user_id=None, client=None))
    session.execute(delete(HoldTime).where(HoldTime.user_id == user_id))
    for draft in session.execute(select(Checkout).where(Checkout.user_id == user_id)).scalars().all():
        holds.release(session, draft.id)
        session.delete(draft)
