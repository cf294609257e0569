"""The sweeper: in every serving process, holds that are past are given back, and what is old is forgotten."""

from __future__ import annotations

import logging
import os
import threading
from datetime import UTC, datetime, timedelta
from itertools import count

from flask import Flask
from sqlalchemy import Select, delete, exists, select, update
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from storefront.checkout import holding
from storefront.checkout.models import Checkout, Hold, Order
from storefront.checkout.payment import overdue
from storefront.extensions import db, writing

log = logging.getLogger(__name__)

EVERY = 5.0  # seconds
ROUNDS = 12  # from one look at unpaid orders to the next
KEYS_KEPT = timedelta(days=7)
DRAFTS_KEPT = timedelta(days=30)


def start(app: Flask) -> None:
    """Start this process's sweeper, if it has none: threads do not survive a fork."""
    if app.extensions.get("checkout_sweeper", (0,))[0] == os.getpid():
        return
    stopped = threading.Event()
    thread = threading.Thread(target=_go_round, args=(app, stopped), name="checkout-sweeper", daemon=True)
    app.extensions["checkout_sweeper"] = (os.getpid(), stopped, thread)
    thread.start()


def stop(app: Flask) -> None:
    """Stop this process's sweeper; returns when it has ended."""
    pid, stopped, thread = app.extensions.pop("checkout_sweeper", (0, None, None))
    if pid == os.getpid():
        stopped.set()
        thread.join()


def sweep() -> int:
    """Give back what is past and forget what is old; return how many holds were released. Writes only if it must."""
    now, released = datetime.now(UTC), 0
    while _is_there(select(Hold.id).where(Hold.expires_at < now)):
        with writing() as session:
            found = holding.release_overdue(session)
        released += found
        if not found:
            break  # others are at it
    if _is_there(_old_keys(now)) or _is_there(_old_drafts(now)):
        with writing() as session:
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


def _go_round(app: Flask, stopped: threading.Event) -> None:
    rounds = count(1)
    while not stopped.wait(EVERY):
        with app.app_context():
            try:
                sweep()
                if next(rounds) % ROUNDS == 0:
                    overdue.call_off_overdue()
            except SQLAlchemyError as error:
                log.warning("holds cannot be swept: %s", error)
            finally:
                db.session.remove()
