"""Connections to PostgreSQL whose waits end by this process's clock.

The server's own time-outs (`storefront/config/values.py`) end nothing while the server is frozen or its packets are
lost. These deadlines do, and close the connection: its late answer must not reach the next caller.
"""

from __future__ import annotations

from collections import defaultdict
from functools import cache
from time import monotonic
from typing import Any, ClassVar

from sqlalchemy import event, text
from sqlalchemy.engine import Connection, Dialect, Engine, ExceptionContext
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

STATEMENT_SECONDS = 3.5  # longer than the server's statement_timeout, whose error says more
CONNECT_SECONDS = 1.0  # for each server that DATABASE_URL names
PING_SECONDS = 0.5
# Seconds for which no connection to a server is tried after one had no answer. A page makes several attempts: one
# for the settings, for the menu, for what it shows, for the page of the error. It waits for the first one alone.
# Then one connection tries, and the others do without that server until it is known: while the first server of
# DATABASE_URL is silent, they would all wait for it, with all places of the pool.
SILENCE_SECONDS = 0.5
# read_only_sql_transaction: this server was a primary and is one no longer.
_READ_ONLY = "25006"


def listen() -> None:
    """Give all connections to PostgreSQL from now on their deadlines."""
    event.listen(Engine, "do_connect", _connect)
    event.listen(Engine, "checkin", _bound_ping)  # codespell:ignore checkin
    event.listen(Engine, "checkout", _bound_statements)
    event.listen(Engine, "handle_error", _leave_former_primary)


def allow_long_statements(connection: Connection | Session) -> None:
    """Lift the limits on statements and on the pauses between them until the transaction ends.

    For migrations and other work of unknown length: on a busy machine, what it computes between two statements may
    take longer than a transaction may be idle.
    """
    found = connection.connection() if isinstance(connection, Session) else connection
    if found.dialect.name == "postgresql":
        found.execute(text("SET LOCAL statement_timeout = 0"))
        found.execute(text("SET LOCAL idle_in_transaction_session_timeout = 0"))
        driver: Any = found.connection.driver_connection
        driver.seconds = None


class DatabaseServer:
    """Whether a server answers, as the connections of this process have seen it last. Times are monotonic.

    Attributes:
        silent_until: until when no connection is tried; 0 of a server that has answered since.
        answered_at: when it last answered.
    """

    silent_until = answered_at = 0.0

    def begin(self) -> bool:
        """Return whether a connection may be tried. After a silence one is, and the others are not until it ends."""
        if monotonic() < self.silent_until:
            return False
        if self.silent_until:
            self.silent_until = monotonic() + CONNECT_SECONDS
        return True

    def end(self, began: float, *, answers: bool) -> None:
        """Note whether a connection that began then was answered. An answer to another one since counts more."""
        if answers:
            self.silent_until, self.answered_at = 0.0, monotonic()
        elif self.answered_at < began:
            self.silent_until = monotonic() + SILENCE_SECONDS


def _connect(dialect: Dialect, _record: object, arguments: list[Any], options: dict[str, Any]) -> Any:
    return _connection_class().connect(*arguments, **options) if dialect.driver == "psycopg" else None


@cache
def _connection_class() -> Any:
    """Return the class of connections with deadlines. Made on first use: SQLite shops never import psycopg."""
    import psycopg
    from psycopg import errors

    class BoundedConnection(psycopg.Connection[Any]):
        """A connection whose every wait for the server ends.

        Attributes:
            seconds: the longest wait of a statement; None for one without a limit.
        """

        seconds: float | None = STATEMENT_SECONDS
        _servers: ClassVar[dict[str, DatabaseServer]] = defaultdict(DatabaseServer)  # by their parameters

        @classmethod
        def _connect_gen(cls, conninfo: str = "") -> Any:
            server, began, answers = cls._servers[conninfo], monotonic(), True
            if not server.begin():
                raise errors.ConnectionTimeout("the server did not answer a moment ago")
            try:
                return (yield from cls._end_in_time(super()._connect_gen(conninfo)))
            except errors.ConnectionTimeout:
                answers = False
                raise
            finally:
                server.end(began, answers=answers)

        @staticmethod
        def _end_in_time(steps: Any) -> Any:
            # The parameter connect_timeout cannot be less than two seconds, as in libpq.
            ends = monotonic() + CONNECT_SECONDS
            try:
                wanted = next(steps)
                while True:
                    ready = yield wanted
                    # An answer that is there counts: it was this process that stood still.
                    if not ready and monotonic() >= ends:
                        raise errors.ConnectionTimeout("the server did not answer in time")
                    wanted = steps.send(ready)
            except StopIteration as end:
                return end.value

        def wait(self, gen: Any, interval: float = 0.1, timeout: float | None = None) -> Any:
            """Wait for the server, at most `seconds` unless psycopg sets another time-out."""
            try:
                return super().wait(gen, interval, self.seconds if timeout is None else timeout)
            except errors._WaitTimeout:
                if timeout is None:
                    self.close()
                    raise errors.OperationalError("the server did not answer in time") from None
                raise

    return BoundedConnection


def _bound_ping(connection: Any, _record: object) -> None:
    """Shorten the waits of a connection that returns to the pool: the next one is the pool's ping."""
    if hasattr(connection, "seconds"):
        connection.seconds = PING_SECONDS


def _bound_statements(connection: Any, _record: object, _proxy: object) -> None:
    if hasattr(connection, "seconds"):
        connection.seconds = STATEMENT_SECONDS


def _leave_former_primary(context: ExceptionContext) -> OperationalError | None:
    """Close connections to a server that accepts no writes any more, so that the next ones find the primary.

    The error becomes the one that the shop knows of a database that is away.
    """
    cause = context.original_exception
    if getattr(cause, "sqlstate", None) != _READ_ONLY:
        return None
    context.is_disconnect = True
    return OperationalError(context.statement, context.parameters, cause, connection_invalidated=True)
