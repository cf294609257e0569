"""Unbound extensions, the base class of all models, and write transactions. Imports no room."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import click
import msgspec
from flask import Flask, current_app
from flask_babel import Babel
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import DateTime, Dialect, MetaData, TypeDecorator
from sqlalchemy.dialects import postgresql
from sqlalchemy.dialects import sqlite as sqlite_dialect
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.exc import DBAPIError, InvalidRequestError, OperationalError
from sqlalchemy.orm import DeclarativeBase, Session
from werkzeug.local import LocalProxy

from storefront import sqlite
from storefront.postgresql import listen as listen_to_postgresql
from storefront.terminal import guard

sqlite.listen()
listen_to_postgresql()
# serialization_failure, deadlock_detected, lock_not_available. A transaction that waited too long for a row has
# written nothing, so another attempt is as good as a longer wait.
RETRYABLE_SQLSTATES = {"40001", "40P01", "55P03"}
MAX_RETRIES = 20  # of one transaction, of which the database aborts each attempt
T = TypeVar("T")


class Model(DeclarativeBase):
    """The base class of all models. Constraints have fixed names, so that migrations can refer to them."""

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
    """The database; its sessions end with the request even if they or their connection are broken."""

    def _teardown_session(self, exc: BaseException | None) -> None:
        try:
            super()._teardown_session(exc)
        except (DBAPIError, InvalidRequestError):
            # The rollback failed with the connection, or Ctrl-C came within a commit. If the session stayed in the
            # registry, a later request whose context has the same address in memory would get it.
            with suppress(DBAPIError, InvalidRequestError):
                self.session().invalidate()
            self.session.registry.clear()


db = Database(
    model_class=Model, engine_options={"json_serializer": _dumps, "json_deserializer": msgspec.json.decode}
)
babel = Babel()


class MigrationCommands(click.Command):
    """`flask db`, whose commands come from Flask-Migrate when somebody uses them."""

    def make_context(
        self, info_name: str | None, args: list[str], parent: click.Context | None = None, **extra: Any
    ) -> click.Context:
        """Return the context of Flask-Migrate's own group."""
        from flask_migrate.cli import db as commands  # here, because it imports Alembic

        guard(commands)
        context: click.Context = commands.make_context(info_name, args, parent, **extra)
        return context


def init_migrations(app: Flask, folder: Path) -> None:
    """Register `flask db`, and tell Flask-Migrate where the migrations are when it asks for the first time."""
    app.cli.add_command(MigrationCommands("db", help="Perform database migrations."))

    @functools.cache
    def configuration() -> object:
        # Here, because it imports Alembic: a tenth of the time that a process takes to start.
        from flask_migrate import Migrate

        Migrate(app, db, directory=str(folder), render_as_batch=True)
        return app.extensions["migrate"]

    app.extensions["migrate"] = LocalProxy(configuration)


def migrations_folder() -> str:
    """Return the folder of the current shop's migrations."""
    return str(current_app.extensions["migrate"].directory)


class UtcDateTime(TypeDecorator[datetime]):
    """An aware time in UTC on every database. A naive time raises ValueError."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002, D102
        if value is not None and value.tzinfo is None:
            raise ValueError("times are aware, in UTC: pass datetime.now(UTC)")
        return value.astimezone(UTC) if value else None

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002, D102
        if value is None or value.tzinfo is UTC:
            return value
        # SQLite stores no time zone, and PostgreSQL returns the session's.
        return value.astimezone(UTC) if value.tzinfo else value.replace(tzinfo=UTC)


class MomentText(TypeDecorator[str]):
    """A moment as a text in UTC, to the second: "2026-12-01T08:00:00Z", as JSON, change sets and the history have it.

    The database holds a time, and compares it with times.
    """

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: str | datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002, D102
        moment = datetime.fromisoformat(value) if isinstance(value, str) else value
        return moment.astimezone(UTC) if moment else None

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> str | None:  # noqa: ARG002, D102
        if value is None:
            return None
        return moment_text(value if value.tzinfo else value.replace(tzinfo=UTC))


def moment_text(moment: datetime) -> str:
    """Return a moment as `MomentText` has it."""
    return moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


@contextmanager
def write_transaction() -> Iterator[Session]:
    """Open a write transaction; commit it at the end, roll it back on any error.

    On SQLite it begins with BEGIN IMMEDIATE, so that writers queue at the start instead of failing in the middle: a
    deferred transaction whose first write comes late fails at once, whatever the busy time-out is.
    """
    session = db.session()
    if session.in_transaction():
        session.commit()  # ends a read transaction: its lock cannot become a write lock
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
    """Return whether a write transaction is open: a part of it must not be rolled back alone."""
    return "writing" in db.session().info


def is_retryable(error: DBAPIError) -> bool:
    """Return whether the database aborted a transaction for a reason that another attempt may not meet."""
    state = getattr(error.orig, "sqlstate", None)
    if state is not None:
        return state in RETRYABLE_SQLSTATES
    return str(getattr(error.orig, "sqlite_errorname", "")).startswith(("SQLITE_BUSY", "SQLITE_LOCKED"))


def run_again(transaction: Callable[[], T]) -> T:
    """Run a whole transaction of a command; run it again if the database aborted it for others."""
    failures = 0
    while True:
        try:
            return transaction()
        except OperationalError as error:
            failures += 1
            if failures > MAX_RETRIES or not is_retryable(error):
                raise


def insert_function(database: Connection | Engine) -> Any:
    """Return the `insert` of the database's dialect, which has ON CONFLICT: SQLAlchemy has none for both."""
    return sqlite_dialect.insert if database.dialect.name == "sqlite" else postgresql.insert


def connection_of(session: Session) -> Connection:
    """Return the connection of a session's transaction.

    In `write_transaction` it is found without the session's own look-up, which is slow for the checkout's many calls.
    """
    found: Connection | None = session.info.get("writing")
    return session.connection() if found is None or found.closed else found
