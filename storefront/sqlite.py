"""SQLite for several processes: many readers beside one writer, and writers that queue for the write lock."""

from __future__ import annotations

import math
import os
import random
import sqlite3
import threading
import time
from functools import cache
from typing import Any

from sqlalchemy import event
from sqlalchemy.engine import URL, Connection, Dialect, Engine

# For which a writer waits for the lock; a URL may name its own: sqlite:////path/to/file?timeout=10
BUSY_SECONDS, MAX_BUSY_SECONDS = 2.0, 60.0
SHORTEST_PAUSE, LONGEST_PAUSE = 0.0001, 0.0004  # seconds between two attempts to take it
_PRAGMAS = ("journal_mode=WAL", "synchronous=NORMAL", "foreign_keys=ON", "cache_size=-16000")


def listen() -> None:
    """Configure all connections to SQLite databases from now on, and begin their transactions."""
    event.listen(Engine, "do_connect", _set_timeout)
    event.listen(Engine, "connect", _prepare)
    event.listen(Engine, "begin", _begin)


def busy_seconds(url: URL) -> float:
    """Return for how many seconds a writer of this database waits for the lock.

    Raises:
        ValueError: the URL has a timeout that is not a number above 0 and up to `MAX_BUSY_SECONDS`.
    """
    named = url.query.get("timeout", BUSY_SECONDS)
    seconds = float(named) if not isinstance(named, tuple) else math.nan  # named twice
    if not 0 < seconds <= MAX_BUSY_SECONDS:
        raise ValueError("the timeout is out of bounds")
    return seconds


def _set_timeout(dialect: Dialect, _record: object, _arguments: object, options: dict[str, Any]) -> None:
    if dialect.name == "sqlite":
        options.setdefault("timeout", BUSY_SECONDS)


def _prepare(connection: Any, _record: object) -> None:
    if type(connection).__module__ != "sqlite3":
        return
    connection.isolation_level = None  # the driver must not begin transactions: _begin does
    for pragma in _PRAGMAS:
        connection.execute(f"PRAGMA {pragma}")


def _begin(connection: Connection) -> None:
    if connection.dialect.name != "sqlite":
        return
    kind = connection.get_execution_options().get("sqlite_begin", "DEFERRED")
    if kind != "IMMEDIATE":
        connection.exec_driver_sql(f"BEGIN {kind}")
        return
    seconds, gate = busy_seconds(connection.engine.url), _write_lock(os.getpid())
    deadline = time.monotonic() + seconds
    acquired = gate.acquire(timeout=seconds)
    try:
        _take_lock(connection, deadline, seconds)
    finally:
        if acquired:
            gate.release()


@cache
def _write_lock(_pid: int) -> threading.Lock:
    """Return the lock that one writing thread of a process holds; created on first use, after forks and patches."""
    return threading.Lock()


def _take_lock(connection: Connection, deadline: float, seconds: float) -> None:
    """Begin a write transaction as soon as the lock is free; one thread of each process polls for it.

    SQLite's busy handler sleeps longer and longer, up to a tenth of a second: the writer that came first waits
    longest, while the lock is free. It also blocks the whole thread; this function lets other greenlets run.
    """
    driver: Any = connection.connection.driver_connection
    driver.execute("PRAGMA busy_timeout=0")
    try:
        while time.monotonic() < deadline:
            try:
                driver.execute("BEGIN IMMEDIATE")
            except sqlite3.OperationalError as error:
                if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY:
                    break
                time.sleep(random.uniform(SHORTEST_PAUSE, LONGEST_PAUSE))  # noqa: S311  # only spreads the attempts
            else:
                return
        connection.exec_driver_sql("BEGIN IMMEDIATE")  # raises the driver's usual error
    finally:
        driver.execute(f"PRAGMA busy_timeout={seconds * 1000:.0f}")
