"""Unbound extensions, the base of all models, and transactions that write. Knows no room."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from typing import Any

import msgspec
from flask_babel import Babel
from flask_migrate import Migrate
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import DateTime, Dialect, MetaData, TypeDecorator
from sqlalchemy.engine import Connection
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import DeclarativeBase, Session

from storefront import sqlite

sqlite.listen()


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
babel = Babel()
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
        if value is None or value.tzinfo is UTC:
            return value
        # SQLite keeps no zone, and PostgreSQL answers in the session's.
        return value.astimezone(UTC) if value.tzinfo else value.replace(tzinfo=UTC)


@contextmanager
def write_transaction() -> Iterator[Session]:
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
    """Return the connection of a session's transaction.

    Inside `write_transaction` it is looked up without asking the session: the checkout asks often.
    """
    found: Connection | None = session.info.get("writing")
    return session.connection() if found is None or found.closed else found
