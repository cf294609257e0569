"""SQLite's write lock: a writer gets it, or an error that the database is busy. Times are in UTC."""

from __future__ import annotations

import threading
from datetime import UTC
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import create_engine, text
from sqlalchemy.exc import OperationalError

from storefront.catalog.models import Product
from storefront.extensions import db
from tests.factories import make_product

WRITERS, EACH = 12, 20


def test_all_writers_get_sqlites_lock(tmp_path: Path) -> None:
    """Two connection pools, like those of two processes."""
    pools = [create_engine(f"sqlite:///{tmp_path}/db", pool_size=WRITERS) for _ in range(2)]
    with pools[0].begin() as connection:
        connection.execute(text("CREATE TABLE counted (number INTEGER)"))
        connection.execute(text("INSERT INTO counted VALUES (0)"))
    errors: list[BaseException] = []

    def write(place: int) -> None:
        writing = pools[place % 2].execution_options(sqlite_begin="IMMEDIATE")
        try:
            for _ in range(EACH):
                with writing.begin() as connection:
                    found = connection.execute(text("SELECT number FROM counted")).scalar_one()
                    connection.execute(text("UPDATE counted SET number = :more"), {"more": found + 1})
        except OperationalError as error:
            errors.append(error)

    threads = [threading.Thread(target=write, args=(place,)) for place in range(WRITERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with pools[0].connect() as connection:
        assert connection.execute(text("SELECT number FROM counted")).scalar_one() == WRITERS * EACH
    assert errors == []
    for pool in pools:
        pool.dispose()


@pytest.mark.parametrize("own", [True, False], ids=["a pool of its own", "the same pool"])
def test_waiting_too_long_for_sqlites_lock_is_an_error(tmp_path: Path, own: bool) -> None:
    engine = create_engine(f"sqlite:///{tmp_path}/db")
    other = create_engine(engine.url) if own else engine
    writing = {"sqlite_begin": "IMMEDIATE"}
    with (
        engine.execution_options(**writing).begin(),
        pytest.raises(OperationalError, match="database is locked"),
        other.execution_options(**writing).begin(),
    ):
        pass
    with other.execution_options(**writing).begin():
        pass
    for pool in (engine, other):
        pool.dispose()


def test_a_writer_of_sqlite_waits_as_long_as_the_url_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("storefront.sqlite.BUSY_SECONDS", 0.1)
    engine = create_engine(f"sqlite:///{tmp_path}/db?timeout=60").execution_options(sqlite_begin="IMMEDIATE")
    first = engine.connect()
    first.execute(text("SELECT 1"))
    release = threading.Timer(0.5, first.close)
    release.start()
    with engine.connect() as second:
        assert second.exec_driver_sql("PRAGMA busy_timeout").scalar_one() == 60_000
    release.join()
    engine.dispose()


def test_times_are_utc_in_any_database_time_zone(app: Flask) -> None:
    make_product()
    if db.engine.dialect.name == "postgresql":
        db.session.execute(text("SET TIME ZONE 'Asia/Kolkata'"))
    assert db.session.execute(db.select(Product.created_at)).scalar_one().tzinfo is UTC
