"""Unbound extensions and the base of all models. Imports nothing of ours."""

from __future__ import annotations

import os
import random
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from functools import cache
from typing import Any

import msgspec
from flask_migrate import Migrate
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import DateTime, Dialect, MetaData, TypeDecorator, event
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import DeclarativeBase, Session

BUSY_SECONDS = 2.0  # so long a writer waits for SQLite's one lock …
SHORTEST_PAUSE, LONGEST_PAUSE = 0.0001, 0.0004  # … looking again after so many seconds
_PATIENT = f"busy_timeout={BUSY_SECONDS * 1000:.0f}"


class Model(DeclarativeBase):
    """The base of every table; constraint names are fixed so that migrations can name them."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


def _dumps(value: Any) -> str:
    return msgspec.json.encode(value).decode()


class Database(SQLAlchemy):
    """The database, whose sessions end with the request even if their connection has died."""

    def _teardown_session(self, exc: BaseException | None) -> None:
        try:
            super()._teardown_session(exc)
        except DBAPIError:
            # There is nobody left to roll back for. Left in the registry, the session would be found again by a later
            # request whose context has the same address in memory.
            with suppress(DBAPIError):
                self.session().invalidate()
            self.session.registry.clear()


db = Database(
    model_class=Model, engine_options={"json_serializer": _dumps, "json_deserializer": msgspec.json.decode}
)
migrate = Migrate(directory="migrations", render_as_batch=True)


class UtcDateTime(TypeDecorator[datetime]):
    """An aware moment in UTC on every database; a naive one is refused."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002, D102
        if value is not None and value.tzinfo is None:
            raise ValueError("times are aware, in UTC: pass datetime.now(UTC)")
        return value.astimezone(UTC) if value else None

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002, D102
        return value.replace(tzinfo=UTC) if value is not None and value.tzinfo is None else value


@contextmanager
def writing() -> Iterator[Session]:
    """A transaction that writes: committed at the end, rolled back on any error.

    On SQLite it begins with BEGIN IMMEDIATE, so that two writers queue at the start instead of failing in
    the middle (a deferred transaction that turns into a write fails at once, whatever its busy time-out).
    """
    session = db.session()
    if session.in_transaction():
        session.commit()  # what was only read so far ends here: a read lock cannot be turned into a write lock
    try:
        session.info["writing"] = session.connection(execution_options={"sqlite_begin": "IMMEDIATE"})
        yield session
        session.commit()
    except BaseException:
        session.rollback()
        raise
    finally:
        session.info.pop("writing", None)


def is_writing() -> bool:
    """Return whether a transaction that writes is under way here: none of it may be lost while the rest goes on."""
    return "writing" in db.session().info


def connection_of(session: Session) -> Connection:
    """Return the connection of a session's transaction; at once where `writing` knows it: those who buy ask often."""
    found: Connection | None = session.info.get("writing")
    return session.connection() if found is None or found.closed else found


@event.listens_for(Engine, "connect")
def _prepare_sqlite(connection: Any, _record: Any) -> None:
    if type(connection).__module__ != "sqlite3":
        return
    connection.isolation_level = None  # BEGIN is ours, below
    cursor = connection.cursor()
    for pragma in (
        _PATIENT,
        "journal_mode=WAL",
        "synchronous=NORMAL",
        "foreign_keys=ON",
        "cache_size=-16000",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


@cache
def _gate(_pid: int) -> threading.Lock:
    """Return what one thread of a process passes at a time; made as it is used, after forks and gevent's patches."""
    return threading.Lock()


@event.listens_for(Engine, "begin")
def _begin_sqlite(connection: Connection) -> None:
    if connection.dialect.name != "sqlite":
        return
    kind = connection.get_execution_options().get("sqlite_begin", "DEFERRED")
    if kind != "IMMEDIATE":
        connection.exec_driver_sql(f"BEGIN {kind}")
        return
    until, gate = time.monotonic() + BUSY_SECONDS, _gate(os.getpid())
    ours = gate.acquire(timeout=BUSY_SECONDS)
    try:
        _take_lock(connection, until)
    finally:
        if ours:
            gate.release()


def _take_lock(connection: Connection, until: float) -> None:
    """Begin to write as soon as nobody else does; one of each process looks, the others queue behind it.

    SQLite's own waiting sleeps longer and longer, up to a tenth of a second: whoever came first then waits longest,
    and the lock lies idle meanwhile. It also stops the whole thread: here other greenlets go on, the writer's too.
    """
    driver: Any = connection.connection.driver_connection
    driver.execute("PRAGMA busy_timeout=0")
    try:
        while time.monotonic() < until:
            try:
                driver.execute("BEGIN IMMEDIATE")
            except sqlite3.OperationalError as error:
                if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY:
                    break
                time.sleep(random.uniform(SHORTEST_PAUSE, LONGEST_PAUSE))  # noqa: S311  # only spreads those who wait
            else:
                return
        connection.exec_driver_sql("BEGIN IMMEDIATE")  # its error is one that everybody knows
    finally:
        driver.execute(f"PRAGMA {_PATIENT}")
