"""SQLite as this shop uses it: many readers beside one writer, and writers that queue for its one lock."""

from __future__ import annotations

import os
import random
import sqlite3
import threading
import time
from functools import cache
from typing import Any

from sqlalchemy import event
from sqlalchemy.engine import Connection, Engine

BUSY_SECONDS = 2.0  # so long a writer waits for the lock …
SHORTEST_PAUSE, LONGEST_PAUSE = 0.0001, 0.0004  # … looking again after so many seconds
_PATIENT = f"busy_timeout={BUSY_SECONDS * 1000:.0f}"
_PRAGMAS = (_PATIENT, "journal_mode=WAL", "synchronous=NORMAL", "foreign_keys=ON", "cache_size=-16000")


def listen() -> None:
    """Prepare every connection to an SQLite database, and begin its transactions, from now on."""
    event.listen(Engine, "connect", _prepare)
    event.listen(Engine, "begin", _begin)


def _prepare(connection: Any, _record: object) -> None:
    if type(connection).__module__ != "sqlite3":
        return
    connection.isolation_level = None  # BEGIN is ours, below
    for pragma in _PRAGMAS:
        connection.execute(f"PRAGMA {pragma}")


def _begin(connection: Connection) -> None:
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


@cache
def _gate(_pid: int) -> threading.Lock:
    """Return what one thread of a process passes at a time; made as it is used, after forks and gevent's patches."""
    return threading.Lock()


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
