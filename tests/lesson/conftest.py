"""Fixtures of the lesson: one database, one Redis, the naive version's connections and our workers."""

from __future__ import annotations

import sqlite3
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from flask import Flask
from redis import Redis

from storefront import outbox
from storefront.extensions import db
from storefront.redis_roles import clients
from tests.lesson import our_app

Connect = Callable[[], sqlite3.Connection]
MakeWorker = Callable[..., Flask]


@pytest.fixture
def redis(redis_url: str) -> Iterator[Redis]:
    """The naive version's Redis, with a database of its own."""
    with Redis.from_url(redis_url, db=9, decode_responses=True) as client:
        client.flushdb()
        yield client
        client.flushdb()


@pytest.fixture
def connect(tmp_path: Path) -> Iterator[Connect]:
    """Opens connections to the database: product 1 costs 10, in matches 1 and 2 no goal has been scored."""
    opened = []

    def open_one() -> sqlite3.Connection:
        opened.append(sqlite3.connect(tmp_path / "lesson.sqlite", check_same_thread=False))
        return opened[-1]

    open_one().executescript("""
        PRAGMA journal_mode = WAL;
        CREATE TABLE product (id INTEGER PRIMARY KEY, price INTEGER);
        CREATE TABLE score (match INTEGER PRIMARY KEY, version INTEGER, goals INTEGER);
        INSERT INTO product VALUES (1, 10);
        INSERT INTO score VALUES (1, 0, 0), (2, 0, 0);
    """)
    yield open_one
    for connection in opened:
        connection.close()


@pytest.fixture
def database(connect: Connect) -> sqlite3.Connection:
    """A connection to the database."""
    return connect()


@pytest.fixture
def make_worker(
    connect: Connect, tmp_path: Path, redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> Iterator[MakeWorker]:
    """Makes processes of our app, all on one database and one Redis."""
    # On a busy machine Redis may answer late, and our rooms would do without it.
    monkeypatch.setattr(clients, "TIMEOUT", 2.0)
    prefix, made = f"lesson-{uuid.uuid4().hex}", []

    def make(**settings: str) -> Flask:
        made.append(our_app.create_app(tmp_path, settings.pop("redis_url", redis_url), prefix, **settings))
        return made[-1]

    yield make
    for app in made:
        with app.app_context():
            db.session.remove()
            db.engine.dispose()


@pytest.fixture
def worker(make_worker: MakeWorker) -> Flask:
    """A process of our app."""
    return make_worker()


def deliver_later(worker: Flask, database: sqlite3.Connection) -> None:
    """Let three seconds pass, after which a process looks into the outbox for what a dead one left there."""
    table = outbox.OutboxMessage.__tablename__
    with database:
        database.execute(f"UPDATE {table} SET created_at = datetime(created_at, '-3 seconds')")
    with worker.app_context():
        outbox.deliver_overdue()
