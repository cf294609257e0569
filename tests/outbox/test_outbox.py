"""The outbox: what a commit promised is told after it, whatever happens in between; a rollback tells nothing."""

from __future__ import annotations

from typing import Any

from flask import Flask
from sqlalchemy import select

from storefront import outbox, periodic
from storefront.catalog.models import Product
from storefront.errors import StorefrontError
from storefront.extensions import db, write_transaction
from storefront.outbox.delivery import BATCH, MANY
from tests.outbox.messages import age, fail_after_promising, rows
from tests.processes import eventually


class BusyError(StorefrontError):
    """A handler cannot tell now."""


def test_a_commit_tells_what_was_promised_in_order_and_only_afterwards(app: Flask, told: list[Any]) -> None:
    with write_transaction() as session:
        outbox.enqueue(session, "news", "first")
        outbox.enqueue(session, "news", {"second": 2})
        assert told == []
    assert told == ["first", {"second": 2}]


def test_what_is_told_can_be_read_by_everybody(app: Flask) -> None:
    found: list[str] = []

    def read(_: list[Any]) -> None:
        with db.engine.connect() as connection:
            found.extend(connection.execute(select(Product.slug)).scalars())

    outbox.handler(app, "news", read)
    with write_transaction() as session:
        session.add(Product(slug="new", title="New"))
        outbox.enqueue(session, "news", "new")
    assert found == ["new"]


def test_a_rollback_tells_nothing(app: Flask, told: list[Any]) -> None:
    fail_after_promising("never")
    with write_transaction() as session:
        outbox.enqueue(session, "news", "later")
    assert told == ["later"]
    assert rows() == 1


def test_a_savepoint_tells_nothing_before_the_commit(app: Flask, told: list[Any]) -> None:
    session = db.session()
    with session.begin_nested():
        outbox.enqueue(session, "news", "inner")
    assert told == []
    session.rollback()
    assert (told, rows()) == ([], 0)


def test_what_was_promised_in_a_savepoint_that_is_rolled_back_is_not_told(
    app: Flask, told: list[Any]
) -> None:
    with write_transaction() as session:
        outbox.enqueue(session, "news", "before")
        savepoint = session.begin_nested()
        with session.begin_nested():
            outbox.enqueue(session, "news", "released into what is rolled back")
        outbox.enqueue(session, "news", "rolled back")
        savepoint.rollback()
        with session.begin_nested():
            outbox.enqueue(session, "news", "kept")
    assert told == ["before", "kept"]


def test_what_a_handler_cannot_tell_is_told_by_the_sweeper(app: Flask) -> None:
    away, told = [True], []

    def tell(payloads: list[Any]) -> None:
        if away[0]:
            raise BusyError("not now")
        told.extend(payloads)

    outbox.handler(app, "news", tell)
    with write_transaction() as session:
        outbox.enqueue(session, "news", "hello")
    age()
    outbox.deliver_overdue()
    assert (told, rows()) == ([], 1)
    away.clear()
    away.append(False)
    outbox.deliver_overdue()
    assert (told, rows()) == (["hello"], 0)


def test_one_topic_that_fails_does_not_hold_up_another(app: Flask, told: list[Any]) -> None:
    outbox.handler(app, "broken", lambda _: 1 // 0)
    with write_transaction() as session:
        outbox.enqueue(session, "broken", "x")
        outbox.enqueue(session, "news", "y")
    assert told == ["y"]
    assert outbox.waiting()[0] == 2


def test_what_a_topic_that_fails_has_piled_up_does_not_hide_another(app: Flask, told: list[Any]) -> None:
    outbox.handler(app, "broken", lambda _: 1 // 0)
    outbox.handler(app, "news", lambda _: 1 // 0)
    with write_transaction() as session:
        outbox.enqueue(session, "broken", *range(BATCH))
        outbox.enqueue(session, "of another version", "z")
        outbox.enqueue(session, "news", "y")
    outbox.handler(app, "news", told.extend)
    age(120)
    age(60, "news")
    outbox.deliver_overdue()
    assert (told, rows()) == (["y"], 0)
    assert outbox.waiting()[0] == BATCH + 1


def test_what_was_told_is_deleted_by_the_sweeper_or_once_it_is_much(app: Flask, told: list[Any]) -> None:
    for number in range(3 * MANY):
        with write_transaction() as session:
            outbox.enqueue(session, "news", number)
        assert rows() <= MANY
    outbox.deliver_overdue()
    assert (told, rows()) == (list(range(3 * MANY)), 0)


def test_a_rollback_of_the_next_promise_does_not_tell_twice(app: Flask, told: list[Any]) -> None:
    for number in range(MANY):
        with write_transaction() as session:
            outbox.enqueue(session, "news", number)
    fail_after_promising("never")
    assert rows() == MANY
    age()
    outbox.deliver_overdue()
    assert (told, rows()) == (list(range(MANY)), 0)


def test_young_messages_are_left_to_the_process_that_wrote_them(app: Flask, told: list[Any]) -> None:
    with write_transaction() as session:
        outbox.enqueue(session, "news", "mine")
    other = outbox.delivery.Outbox()
    other.handlers.update(app.extensions["outbox"].handlers)
    app.extensions["outbox"] = other  # another process, which has delivered nothing yet
    outbox.deliver_overdue()
    assert told == ["mine"]
    age()
    outbox.deliver_overdue()
    assert told == ["mine", "mine"], "if in doubt twice"
    assert rows() == 0


def test_a_serving_process_sweeps_by_itself(app: Flask, told: list[Any]) -> None:
    outbox.handler(app, "news", lambda _: 1 // 0)
    with write_transaction() as session:
        outbox.enqueue(session, "news", "left behind")
    outbox.handler(app, "news", told.extend)
    age()
    periodic.start_tasks(app, outbox.SWEEPER)
    periodic.start_tasks(app, outbox.SWEEPER)
    try:
        assert eventually(lambda: told == ["left behind"])
        assert eventually(lambda: rows() == 0)
    finally:
        periodic.stop_tasks(app)
