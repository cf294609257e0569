"""The due-row queue on both databases: one worker for each row, a backoff after each attempt, an end to attempts."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import Table, insert, select, update
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from storefront.background.due_queue import Attempt, BatchResult, DueQueue, Outcome
from storefront.extensions import UtcDateTime, db

BACKOFF = (300, 600)  # seconds, compared in hundreds: a busy machine may stand still for some


class Base(DeclarativeBase):
    """A base of its own: the shop's tables stay as its migrations make them."""


class Parcel(Base):
    """A row of a queue."""

    __tablename__ = "test_parcel"

    id: Mapped[int] = mapped_column(primary_key=True)
    due_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    attempts: Mapped[int] = mapped_column(default=0)
    note: Mapped[str] = mapped_column(default="")


@pytest.fixture(autouse=True)
def table(app: Flask) -> Iterator[None]:
    """The table of the queue."""
    Base.metadata.drop_all(db.engine)
    Base.metadata.create_all(db.engine)
    yield
    db.session.rollback()
    Base.metadata.drop_all(db.engine)


def queue(**about: Any) -> DueQueue:
    columns = {"key": Parcel.id, "due_at": Parcel.due_at, "attempts": Parcel.attempts}
    settings: dict[str, Any] = {"query": select(Parcel.__table__), "backoff": BACKOFF, **columns, **about}
    return DueQueue(Parcel, **settings)


def add(count: int) -> None:
    now = datetime.now(UTC)
    rows = [{"due_at": now - timedelta(seconds=count - number)} for number in range(count)]
    with db.engine.begin() as connection:
        connection.execute(insert(Parcel), rows)


def make_due() -> None:
    with db.engine.begin() as connection:
        connection.execute(update(Parcel).values(due_at=datetime.now(UTC) - timedelta(seconds=1)))


def rows() -> list[Any]:
    table = Parcel.__table__
    assert isinstance(table, Table)
    with db.engine.connect() as connection:
        return list(connection.execute(select(table).order_by(table.c.id)).all())


def seconds_left(row: Any) -> float:
    return float(round((row.due_at - datetime.now(UTC)).total_seconds(), -2))


def fail(_: Attempt) -> Outcome:
    return Outcome(succeeded=False)


def succeed(_: Attempt) -> Outcome:
    return Outcome(succeeded=True)


def test_two_workers_never_take_the_same_row(app: Flask) -> None:
    add(15)
    tried: Counter[int] = Counter()
    together = threading.Barrier(2, timeout=20)
    failures: list[Exception] = []

    def work() -> None:
        met = False

        def handle(attempt: Attempt) -> Outcome:
            nonlocal met
            if not met:  # both have read the same rows, and are in the middle of an attempt at the same time
                met = True
                together.wait()
            tried[attempt.row.id] += 1
            return Outcome(succeeded=True)

        try:
            with app.app_context():
                while queue().run(handle).due:
                    pass
        except Exception as error:  # noqa: BLE001  # shown by the test
            failures.append(error)

    workers = [threading.Thread(target=work) for _ in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert failures == []
    assert set(tried.values()) == {1}
    assert len(tried) == 15


def test_a_worker_that_dies_leaves_the_row_to_the_next() -> None:
    add(1)

    def die(_: Attempt) -> Outcome:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        queue().run(die)
    assert queue().run(succeed).due == 0, "another worker may still be trying"
    assert (rows()[0].attempts, seconds_left(rows()[0])) == (1, 300)
    make_due()
    numbers: list[int] = []
    assert queue().run(lambda attempt: Outcome(not numbers.append(attempt.number))) == (1, 1)
    assert numbers == [2]


def test_a_failed_row_waits_longer_after_each_attempt() -> None:
    add(1)
    waits = []
    for _ in range(2):
        assert queue(gives_up=False).run(fail) == BatchResult(due=1, succeeded=0)
        waits.append(seconds_left(rows()[0]))
        make_due()
    assert waits == [300, 600]
    queue(gives_up=False).run(fail)
    assert (rows()[0].attempts, seconds_left(rows()[0])) == (3, 600)


@pytest.mark.parametrize("deletes", [False, True])
def test_a_row_is_given_up_after_the_last_backoff(*, deletes: bool) -> None:
    add(1)
    last: list[bool] = []

    def handle(attempt: Attempt) -> Outcome:
        last.append(attempt.is_last)
        return Outcome(succeeded=False, values={"note": f"attempt {attempt.number}"})

    for _ in range(3):
        queue(deletes=deletes).run(handle)
        if rows() and rows()[0].due_at:
            make_due()
    assert last == [False, False, True]
    assert [(row.due_at, row.attempts, row.note) for row in rows()] == (
        [] if deletes else [(None, 3, "attempt 3")]
    )
    assert queue().run(handle).due == 0


@pytest.mark.parametrize("deletes", [False, True])
def test_a_row_that_succeeded_is_never_due_again(*, deletes: bool) -> None:
    add(2)
    assert queue(deletes=deletes).run(succeed) == (2, 2)
    assert [(row.due_at, row.attempts) for row in rows()] == ([] if deletes else [(None, 1)] * 2)


def test_one_broken_row_does_not_keep_others_waiting(caplog: pytest.LogCaptureFixture) -> None:
    add(3)

    def handle(attempt: Attempt) -> Outcome:
        if attempt.row.id == 1:
            raise ValueError("broken")
        return Outcome(succeeded=True)

    assert queue().run(handle) == (3, 2)
    assert "test_parcel: attempt 1 failed" in caplog.text
    assert [row.due_at is None for row in rows()] == [False, True, True]


def test_a_database_error_ends_the_batch() -> None:
    add(2)

    def handle(_: Attempt) -> Outcome:
        raise OperationalError("SELECT 1", {}, OSError("away"))

    with pytest.raises(OperationalError):
        queue().run(handle)
    assert [row.attempts for row in rows()] == [1, 0]


def test_a_time_changed_during_the_attempt_is_kept() -> None:
    add(1)

    def handle(_: Attempt) -> Outcome:
        make_due()  # as a new payment of the same order does
        return Outcome(succeeded=True, values={"note": "done"})

    assert queue().run(handle) == (1, 1)
    assert rows()[0].note == "done"
    assert queue().run(succeed) == (1, 1)
    assert queue().run(succeed).due == 0


def test_a_late_outcome_does_not_overwrite_a_newer_attempt() -> None:
    add(1)

    def handle(_: Attempt) -> Outcome:
        make_due()
        queue().run(lambda _: Outcome(succeeded=False, values={"note": "newer"}))
        return Outcome(succeeded=True, values={"note": "late"})

    queue().run(handle)
    assert [(row.note, row.attempts, seconds_left(row)) for row in rows()] == [("newer", 2, 600)]


def test_a_batch_is_bounded_and_the_longest_due_come_first() -> None:
    add(5)
    seen: list[int] = []
    assert queue(batch=2).run(lambda attempt: Outcome(not seen.append(attempt.row.id))) == (2, 2)
    assert seen == [1, 2]
    assert queue().run(succeed, Parcel.id == 4) == (1, 1)
