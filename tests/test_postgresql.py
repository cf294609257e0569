"""Waits for PostgreSQL end by the shop's own clock, and leave no connection with a late answer."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from time import monotonic
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.engine import Engine
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from storefront import postgresql
from storefront.config.values import engine_options
from storefront.postgresql import DatabaseServer
from tests.chaos.fault_proxy import Link, link
from tests.conftest import SHIPPED_CONNECT_SECONDS, SHIPPED_PING_SECONDS
from tests.processes import eventually

pytestmark = pytest.mark.slow


@pytest.fixture(autouse=True)
def shipped(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wait for PostgreSQL as long as a shop does; other tests wait longer."""
    monkeypatch.setattr(postgresql, "CONNECT_SECONDS", SHIPPED_CONNECT_SECONDS)
    monkeypatch.setattr(postgresql, "PING_SECONDS", SHIPPED_PING_SECONDS)


@pytest.fixture
def between(postgresql_server: Any) -> Iterator[Link]:
    """A proxy before PostgreSQL."""
    place = parse_qs(urlsplit(postgresql_server.get_uri()).query)["host"][0]
    with link(f"{place}/.s.PGSQL.5432") as found:
        yield found


@pytest.fixture
def engine(between: Link) -> Iterator[Engine]:
    """An engine with one connection, as the shop makes it."""
    url = f"postgresql+psycopg://postgres@127.0.0.1:{between.port}/postgres"
    found = create_engine(url, pool_size=1, max_overflow=0, **engine_options(url))
    yield found
    found.dispose()


def test_late_answer_of_a_statement_reaches_nobody(between: Link, engine: Engine) -> None:
    with engine.connect() as connection:
        driver: Any = connection.connection.driver_connection
        assert driver.seconds == postgresql.STATEMENT_SECONDS
        driver.seconds = 0.2
        between.mode = "cut"
        with pytest.raises(OperationalError, match="did not answer in time"):
            connection.execute(text("SELECT 'late'"))
        assert driver.closed
    between.mode = "whole"
    with engine.connect() as connection:
        assert connection.execute(text("SELECT 'mine'")).scalar_one() == "mine"


def test_idle_connection_that_is_silent_is_replaced(between: Link, engine: Engine) -> None:
    with engine.connect() as connection:
        first: Any = connection.connection.driver_connection
    assert first.seconds == postgresql.PING_SECONDS
    between.mode = "cut"
    with pytest.raises(OperationalError):
        engine.connect()
    assert first.closed
    between.mode = "whole"
    assert eventually(lambda: _answers(engine))


def test_server_that_was_silent_is_left_alone_for_a_moment(
    between: Link, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgresql, "SILENCE_SECONDS", 3600)
    between.mode = "cut"
    with pytest.raises(OperationalError, match="did not answer in time"):
        engine.connect()
    with pytest.raises(OperationalError, match="did not answer a moment ago"):
        engine.connect()


def test_one_connection_tries_a_server_that_was_silent(
    between: Link, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgresql, "SILENCE_SECONDS", 0)
    between.mode = "cut"
    with pytest.raises(OperationalError, match="did not answer in time"):
        engine.connect()
    monkeypatch.setattr(postgresql, "CONNECT_SECONDS", 3600)
    others = create_engine(engine.url, **engine_options(str(engine.url)))
    with ThreadPoolExecutor(1) as pool:
        trying = pool.submit(engine.connect)
        assert eventually(lambda: between.connections == 2)
        for _ in range(3):
            with pytest.raises(OperationalError, match="did not answer a moment ago"):
                others.connect()
        assert between.connections == 2
        between.close()
        with pytest.raises(OperationalError):
            trying.result()


def test_a_late_silence_does_not_outweigh_an_answer() -> None:
    server, began = DatabaseServer(), monotonic()
    server.end(began, answers=False)
    assert not server.begin()
    server.end(monotonic(), answers=True)
    server.end(began, answers=False)  # its connection waited all the time
    assert server.begin()


def test_answer_that_is_there_counts_after_the_deadline(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgresql, "CONNECT_SECONDS", 0.0)  # as if this process had stood still meanwhile
    assert _answers(engine)


def _answers(engine: Engine) -> bool:
    try:
        with engine.connect() as connection:
            return bool(connection.execute(text("SELECT 1")).scalar_one() == 1)
    except OperationalError:
        return False


def test_long_work_has_no_limit_until_it_ends(engine: Engine) -> None:
    with Session(engine) as session:
        postgresql.allow_long_statements(session)
        driver: Any = session.connection().connection.driver_connection
        assert driver.seconds is None
        for limit in ("statement_timeout", "idle_in_transaction_session_timeout"):
            assert session.execute(text(f"SHOW {limit}")).scalar_one() == "0"
    with engine.connect() as connection:
        assert connection.connection.driver_connection is driver
        assert driver.seconds == postgresql.STATEMENT_SECONDS
        assert connection.execute(text("SHOW statement_timeout")).scalar_one() == "3s"


def test_connection_to_a_former_primary_is_closed(engine: Engine) -> None:
    with engine.connect() as connection:
        driver: Any = connection.connection.driver_connection
        connection.execute(text("SET transaction_read_only = on"))
        with pytest.raises(OperationalError, match="read-only"):
            connection.execute(text("CREATE TABLE never (id INTEGER)"))
    assert driver.closed
