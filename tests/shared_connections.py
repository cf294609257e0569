"""Connections to a test process's PostgreSQL, which its shops use one after the other.

A new connection is a new process of the server, which reads the descriptions of all tables again: for most tests that
is more work than their own statements.
"""

from __future__ import annotations

import os
import select
from contextlib import suppress
from typing import Any

from sqlalchemy.engine import Engine

_IDLE: dict[int, list[Any]] = {}  # by process: a forked child must not use its parent's


def share_connections(engine: Engine) -> None:
    """Let this engine use connections that other engines of the same database have closed, and leave it its own."""
    pool: Any = engine.pool
    connect, dialect = pool._creator, engine.dialect

    def take(record: Any = None) -> Any:
        idle = _IDLE.get(os.getpid(), [])
        while idle:
            connection = idle.pop()
            if _is_usable(connection):
                return connection
            connection.close()
        return connect(record)

    pool._creator = take
    setattr(dialect, "do_close", _keep)  # noqa: B010  # a method


def close_connections() -> None:
    """Close the connections that no shop uses."""
    for connection in _IDLE.pop(os.getpid(), []):
        connection.close()


def _keep(connection: Any) -> None:
    """Reset a connection as if it were new: settings, locks, prepared statements, temporary tables."""
    from psycopg import Error

    with suppress(Error):
        connection.rollback()
        connection.isolation_level = connection.read_only = connection.deferrable = None
        connection.autocommit = True
        connection.execute("DISCARD ALL")
        connection.autocommit = False
        _IDLE.setdefault(os.getpid(), []).append(connection)
        return
    connection.close()


def _is_usable(connection: Any) -> bool:
    """Return whether the server has neither closed the connection nor sent anything, as before it closes one."""
    return not connection.closed and not select.select([connection], [], [], 0)[0]
