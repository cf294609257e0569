"""Checkout while Redis is unavailable, the database is locked, or a connection is lost."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import NullPool, create_engine, text, update

from storefront import outbox
from storefront.checkout import order_events
from storefront.checkout.errors import DatabaseBusyError, InFlightError
from storefront.checkout.models import Checkout
from storefront.checkout.place_order import place_order
from storefront.extensions import db
from tests.accounts.people import Browser
from tests.checkout.shoppers import (
    count_orders,
    current_digest,
    hold,
    make_draft,
    place,
    stock_differences,
    stock_level,
)
from tests.checkout.test_pages import DETAILS, guest
from tests.checkout.test_pages import place as place_order_of
from tests.conftest import make_app
from tests.factories import make_product

KEY = "the key of this form"
__all__ = ["guest"]


@contextmanager
def locked(app: Flask) -> Iterator[None]:
    """Another transaction locks the table of the stock, or the whole SQLite database."""
    db.session.remove()
    with db.engine.execution_options(sqlite_begin="IMMEDIATE").connect() as other, other.begin():
        if db.engine.dialect.name == "postgresql":
            other.execute(text("LOCK TABLE stock_item IN ACCESS EXCLUSIVE MODE"))
        yield


@pytest.mark.slow
def test_locked_database_keeps_basket_and_retry_places_one_order(app: Flask, guest: Browser) -> None:
    details = partial(guest.post, "/checkout", **DETAILS)
    with locked(app):
        away = [details()]
    page = guest.get(details().location)
    click = partial(place_order_of, guest, page)
    with locked(app):
        away.append(click())
    for answer in away:
        assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
        assert "try again; it won’t be ordered twice" in answer.text
    assert guest.get("/me").json["cart_quantity"] == 2  # type: ignore[index]
    assert (count_orders(), stock_level("T")) == (0, (3, 2))
    first, again = (click().location.partition("?")[0] for _ in range(2))
    assert first == again
    assert (count_orders(), stock_level("T"), stock_differences()) == (1, (1, 0), [])


@pytest.mark.slow
def test_form_in_flight_is_refused_and_placed_once(app: Flask) -> None:
    """An earlier request still locks the draft's row; on SQLite all writers wait for each other."""
    make_product(variants=[{"sku": "TP", "on_hand": 5}])
    draft = make_draft({"TP": 2})
    digest = current_digest(draft)
    db.session.remove()
    postgresql = db.engine.dialect.name == "postgresql"
    with db.engine.execution_options(sqlite_begin="IMMEDIATE").connect() as first, first.begin():
        first.execute(update(Checkout).where(Checkout.id == draft).values(seen=None))
        with pytest.raises(InFlightError if postgresql else DatabaseBusyError, match="ry again") as refused:
            place_order(draft, KEY, digest)
    assert refused.value.status == (409 if postgresql else 503)
    assert not place_order(draft, KEY, digest).repeated
    assert (count_orders(), stock_level("TP"), stock_differences()) == (1, (3, 0), [])


def test_lost_connection_is_an_error_and_retry_places_one_order(
    app: Flask,
) -> None:
    make_product(variants=[{"sku": "TP", "on_hand": 5}])
    draft = make_draft({"TP": 2})
    digest, failures = current_digest(draft), [True]

    def lose_connection(*_: object) -> None:
        if failures.pop() if failures else False:
            connection = db.session.connection()
            if connection.dialect.name == "postgresql":
                connection.execute(text("SELECT pg_terminate_backend(pg_backend_pid())"))
            else:
                connection.connection.driver_connection.interrupt()
                connection.execute(text("SELECT nothing FROM nowhere"))

    order_events.changed.register(app, lose_connection)
    with pytest.raises(DatabaseBusyError):
        place_order(draft, KEY, digest)
    assert (count_orders(), stock_level("TP")) == (0, (5, 0))
    assert not place_order(draft, KEY, digest).repeated
    assert (count_orders(), stock_level("TP"), stock_differences()) == (1, (3, 0), [])


def test_transaction_aborted_once_is_retried(app: Flask) -> None:
    make_product(variants=[{"sku": "TP", "on_hand": 5}])
    draft, attempts = make_draft({"TP": 2}), []

    def abort_once(*_: object) -> None:
        attempts.append(1)
        if len(attempts) == 1 and db.engine.dialect.name == "postgresql":
            failure = "RAISE EXCEPTION 'aborted' USING ERRCODE = 'serialization_failure'"
            db.session.connection().execute(text(f"DO $$ BEGIN {failure}; END $$"))
        elif len(attempts) == 1:
            other = create_engine(db.engine.url, poolclass=NullPool, connect_args={"timeout": 0})
            with other.connect() as impatient:
                impatient.execute(text("BEGIN IMMEDIATE"))  # fails: the transaction of the order has the lock

    order_events.changed.register(app, abort_once)
    assert not place(draft).repeated
    assert (len(attempts), count_orders(), stock_level("TP"), stock_differences()) == (2, 1, (3, 0), [])


def test_order_is_placed_without_redis_and_published_later(app: Flask, tmp_path: Path) -> None:
    make_product(variants=[{"sku": "TP", "on_hand": 5}])
    draft = make_draft({"TP": 2})
    db.session.remove()
    url = app.config["SQLALCHEMY_DATABASE_URI"]
    without_redis = make_app(url, tmp_path, REDIS_URL="redis://127.0.0.1:1")  # no server listens there
    with without_redis.app_context():
        hold(draft)
        assert not place(draft).repeated
        assert (stock_level("TP"), stock_differences()) == ((3, 0), [])
        assert outbox.waiting()[0] > 0
        db.session.remove()
        db.engine.dispose()
