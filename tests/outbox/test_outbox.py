"""The outbox delivers the messages of a committed transaction, whatever happens; those of a rollback never."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, text

from storefront import outbox, periodic
from storefront.catalog.models import Product
from storefront.errors import StorefrontError
from storefront.extensions import db, write_transaction
from storefront.outbox.delivery import BATCH
from storefront.outbox.registry import Registry, registry
from storefront.outbox.transaction import DELETE_AT_LEAST
from tests.outbox.messages import enqueue_and_roll_back, make_overdue, replace_handler, rows
from tests.processes import eventually


class BusyError(StorefrontError):
    """A handler cannot deliver now."""


def fail(_: list[Any]) -> None:
    raise ZeroDivisionError


def enqueue(*payloads: Any, topic: str = "news") -> None:
    with write_transaction() as session:
        outbox.enqueue(session, topic, *payloads)


def test_messages_are_delivered_in_order_after_the_commit(app: Flask, received: list[Any]) -> None:
    with write_transaction() as session:
        outbox.enqueue(session, "news", "first")
        outbox.enqueue(session, "news", {"second": 2})
        assert received == []
    assert received == ["first", {"second": 2}]


def test_what_a_handler_reads_is_committed(app: Flask) -> None:
    found: list[str] = []

    def read(_: list[Any]) -> None:
        with db.engine.connect() as connection:
            found.extend(connection.execute(select(Product.slug)).scalars())

    outbox.subscribe(app, "news", read)
    with write_transaction() as session:
        session.add(Product(slug="new", title="New"))
        outbox.enqueue(session, "news", "new")
    assert found == ["new"]


def test_a_rollback_delivers_nothing(app: Flask, received: list[Any]) -> None:
    enqueue_and_roll_back("never")
    enqueue("later")
    assert received == ["later"]
    assert rows() == 1


def test_a_savepoint_delivers_nothing_before_the_commit(app: Flask, received: list[Any]) -> None:
    session = db.session()
    with session.begin_nested():
        outbox.enqueue(session, "news", "inner")
    assert received == []
    session.rollback()
    assert (received, rows()) == ([], 0)


def test_messages_of_a_rolled_back_savepoint_are_discarded(app: Flask, received: list[Any]) -> None:
    with write_transaction() as session:
        outbox.enqueue(session, "news", "before")
        savepoint = session.begin_nested()
        with session.begin_nested():
            outbox.enqueue(session, "news", "released into what is rolled back")
        outbox.enqueue(session, "news", "rolled back")
        savepoint.rollback()
        with session.begin_nested():
            outbox.enqueue(session, "news", "kept")
    assert received == ["before", "kept"]


def test_the_sweeper_delivers_what_a_handler_could_not(app: Flask) -> None:
    away, received = [True], []

    def handle(payloads: list[Any]) -> None:
        if away[0]:
            raise BusyError("not now")
        received.extend(payloads)

    outbox.subscribe(app, "news", handle)
    enqueue("hello")
    make_overdue()
    outbox.deliver_overdue()
    assert (received, rows()) == ([], 1)
    away[0] = False
    outbox.deliver_overdue()
    assert (received, rows()) == (["hello"], 0)


def test_a_failing_topic_does_not_delay_another(app: Flask, received: list[Any]) -> None:
    outbox.subscribe(app, "broken", fail)
    with write_transaction() as session:
        outbox.enqueue(session, "broken", "x")
        outbox.enqueue(session, "news", "y")
    assert received == ["y"]
    assert outbox.waiting()[0] == 2


def test_a_backlog_of_a_failing_topic_hides_no_other(app: Flask, received: list[Any]) -> None:
    outbox.subscribe(app, "broken", fail)
    handle = replace_handler(app, "news", fail)
    with write_transaction() as session:
        outbox.enqueue(session, "broken", *range(BATCH))
        outbox.enqueue(session, "of another version", "z")
        outbox.enqueue(session, "news", "y")
    replace_handler(app, "news", handle)
    make_overdue(120)
    make_overdue(60, "news")
    outbox.deliver_overdue()
    assert (received, rows()) == (["y"], 0)
    assert outbox.waiting()[0] == BATCH + 1


def test_delivered_messages_are_deleted_in_batches(app: Flask, received: list[Any]) -> None:
    for number in range(3 * DELETE_AT_LEAST):
        enqueue(number)
        assert rows() <= DELETE_AT_LEAST
    outbox.deliver_overdue()
    assert (received, rows()) == (list(range(3 * DELETE_AT_LEAST)), 0)


def test_command_may_delete_what_it_delivered(app: Flask, received: list[Any]) -> None:
    enqueue("mine")
    outbox.delete_delivered()
    assert (received, rows()) == (["mine"], 0)
    outbox.delete_delivered()


def test_a_rolled_back_deletion_does_not_deliver_twice(app: Flask, received: list[Any]) -> None:
    for number in range(DELETE_AT_LEAST):
        enqueue(number)
    enqueue_and_roll_back("never")
    assert rows() == DELETE_AT_LEAST
    make_overdue()
    outbox.deliver_overdue()
    assert (received, rows()) == (list(range(DELETE_AT_LEAST)), 0)


def test_young_messages_are_left_to_their_writer(app: Flask, received: list[Any]) -> None:
    enqueue("mine")
    # Another process, which has delivered nothing yet.
    registry.set(app, Registry(handlers=registry.get(app).handlers))
    outbox.deliver_overdue()
    assert received == ["mine"]
    make_overdue()
    outbox.deliver_overdue()
    assert received == ["mine", "mine"], "if in doubt twice"
    assert rows() == 0


def test_a_serving_process_sweeps_by_itself(app: Flask, received: list[Any]) -> None:
    handle = replace_handler(app, "news", fail)
    enqueue("left behind")
    replace_handler(app, "news", handle)
    make_overdue()
    periodic.start_tasks(app, outbox.SWEEPER)
    try:
        assert eventually(lambda: received == ["left behind"])
        assert eventually(lambda: rows() == 0)
    finally:
        periodic.stop_tasks(app, outbox.SWEEPER)


def test_all_handlers_of_a_topic_receive_its_messages(app: Flask, received: list[Any]) -> None:
    copies: list[Any] = []
    outbox.subscribe(app, "news", copies.extend, name="copy")
    enqueue("hello")
    assert (received, copies) == (["hello"], ["hello"])
    make_overdue()
    outbox.deliver_overdue()
    assert (received, copies, outbox.waiting()[0]) == (["hello"], ["hello"], 0)


def test_a_handler_cannot_replace_another(app: Flask, received: list[Any]) -> None:
    with pytest.raises(ValueError, match="news has a handler already"):
        outbox.subscribe(app, "news", fail)


def test_a_failing_further_handler_is_called_again_alone(app: Flask, received: list[Any]) -> None:
    copies: list[Any] = []
    outbox.subscribe(app, "news", fail, name="copy")
    enqueue("first", "second")
    assert received == ["first", "second"]
    make_overdue()
    outbox.deliver_overdue()
    assert (received, rows(), rows("news/copy")) == (["first", "second"], 0, 2)
    replace_handler(app, "news/copy", copies.extend)
    make_overdue()
    outbox.deliver_overdue()
    assert copies == ["first", "second"]
    assert (received, outbox.waiting()[0]) == (["first", "second"], 0)


def test_a_failing_own_handler_keeps_messages_for_all(app: Flask, received: list[Any]) -> None:
    copies: list[Any] = []
    outbox.subscribe(app, "news", copies.extend, name="copy")
    handle = replace_handler(app, "news", fail)
    enqueue("hello")
    assert (copies, rows(), rows("news/copy")) == (["hello"], 1, 0)
    replace_handler(app, "news", handle)
    make_overdue()
    outbox.deliver_overdue()
    assert (received, outbox.waiting()[0]) == (["hello"], 0)
    assert copies == ["hello", "hello"], "handlers are idempotent"


def test_messages_stay_if_they_cannot_be_enqueued_again(app: Flask, received: list[Any]) -> None:
    copies: list[Any] = []

    def lose_the_table(_: list[Any]) -> None:
        with db.engine.begin() as connection:
            connection.execute(text("ALTER TABLE outbox RENAME TO outbox_away"))
        raise BusyError("not now")

    outbox.subscribe(app, "news", lose_the_table, name="copy")
    enqueue("hello")
    with db.engine.begin() as connection:
        connection.execute(text("ALTER TABLE outbox_away RENAME TO outbox"))
    replace_handler(app, "news/copy", copies.extend)
    assert (received, rows()) == (["hello"], 1)
    make_overdue()
    outbox.deliver_overdue()
    assert (received, copies, rows()) == (["hello", "hello"], ["hello"], 0)
