"""Checks of the database: tables, version, clock, connections, and the queues in it."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from datetime import UTC, datetime

from flask import current_app
from sqlalchemy import func, select, text

from storefront import change_sets, outbox
from storefront.catalog.list_index import search_rebuild
from storefront.extensions import db
from storefront.mail.queue import QueuedMail
from storefront.ops import schema
from storefront.ops.doctor.finding import Finding, ok, warn, wrong

LATE, STUCK = 10, 60  # seconds a message has waited in the outbox; normally at most two
MAIL_STUCK = 15 * 60  # seconds a mail has waited
SKEW, MUCH_SKEW = 1.0, 30.0  # seconds
_OLDEST_SQLITE = (3, 35, 0)  # the first with UPDATE … RETURNING
_OLDEST_POSTGRESQL = 130000
_CONNECTIONS = 15  # per process at most: SQLAlchemy's pool of 5 and 10 more


def check() -> Iterator[Finding]:
    """Check the database. If it does not answer, that is the only finding."""
    problem = schema.problem()
    yield wrong("database", problem) if problem else ok("database", "It answers; its tables are up to date.")
    if problem:
        return
    yield from _sqlite() if db.engine.dialect.name == "sqlite" else _postgresql()
    yield _outbox()
    yield _check_mail_queue()
    yield from _check_change_sets()
    yield _check_search_index()


def _sqlite() -> Iterator[Finding]:
    version = sqlite3.sqlite_version
    if sqlite3.sqlite_version_info < _OLDEST_SQLITE:
        yield wrong("sqlite", f"SQLite is {version}; the shop needs 3.35 or newer. Use a newer Python.")
    elif current_app.config["ENV"] == "production":
        yield warn("sqlite", f"SQLite {version} serves one host. For more, set DATABASE_URL to a PostgreSQL.")
    else:
        yield ok("sqlite", f"SQLite {version}.")


def _postgresql() -> Iterator[Finding]:
    with db.engine.connect() as connection:
        before = time.time()
        theirs = connection.execute(text("SELECT extract(epoch FROM clock_timestamp())")).scalar_one()
        version = int(connection.execute(text("SHOW server_version_num")).scalar_one())
        named = connection.execute(text("SHOW server_version")).scalar_one()
        most = int(connection.execute(text("SHOW max_connections")).scalar_one())
        durable = connection.execute(text("SHOW fsync")).scalar_one()
        ours = (before + time.time()) / 2
    if version < _OLDEST_POSTGRESQL:
        yield wrong("postgresql", f"PostgreSQL is {named}; the shop needs 13 or newer. Upgrade it.")
    elif durable != "on":
        yield warn(
            "postgresql",
            f"PostgreSQL {named} runs with fsync={durable}: a power cut loses orders. Set it on.",
        )
    else:
        yield ok("postgresql", f"PostgreSQL {named}.")
    yield skew("database clock", float(theirs) - ours, "the database's")
    wanted = current_app.config["WORKERS"] * _CONNECTIONS
    sentence = (
        f"{current_app.config['WORKERS']} workers may open {wanted} connections; the server takes {most}."
    )
    yield (
        warn("connections", f"{sentence} Raise max_connections, or put pgbouncer between.")
        if wanted > most * 0.9
        else ok("connections", sentence)
    )


def skew(about: str, seconds: float, whose: str) -> Finding:
    """Return a finding about the difference in seconds between another clock and this host's."""
    sentence = f"This host's clock and {whose} are {abs(seconds):.1f} s apart."
    fix = "Run chrony or systemd-timesyncd on both."
    if abs(seconds) >= MUCH_SKEW:
        return wrong(about, f"{sentence} Links, holds and limits run out at the wrong time. {fix}")
    return warn(about, f"{sentence} {fix}") if abs(seconds) >= SKEW else ok(about, sentence)


def _outbox() -> Finding:
    count, oldest = outbox.waiting()
    if oldest < LATE:
        return ok(
            "outbox", "Nothing waits." if not count else f"{count} messages, the oldest {oldest:.0f} s old."
        )
    sentence = (
        f"{count} messages wait, the oldest for {oldest:,.0f} s: pages and badges are behind. "
        "Any serving process delivers them as soon as Redis answers: look at both, then at the log."
    )
    return wrong("outbox", sentence) if oldest >= STUCK else warn("outbox", sentence)


def _check_change_sets() -> Iterator[Finding]:
    """A change set that a process works on at this moment looks like an interrupted one."""
    for change_set in change_sets.store.find_interrupted():
        number = change_set.id
        again = f"flask catalog undo {number}"
        if change_set.status == "applying":
            again = f"flask catalog apply {number}, or {again}"
        yield warn(
            "change sets",
            f"Change set {number} ({change_set.name}) stopped half-way, or is being worked on: {again}.",
        )
    db.session.rollback()


def _check_search_index() -> Finding:
    if search_rebuild.is_needed():
        return warn(
            "search",
            "The search index is of an older version or another language; it answers as before. Run: flask setup",
        )
    return ok("search", "The search index has this version and the shop's language.")


def _check_mail_queue() -> Finding:
    with db.engine.connect() as connection:
        count, first = connection.execute(
            select(func.count(QueuedMail.id), func.min(QueuedMail.created_at))
        ).one()
    waited = (datetime.now(UTC) - first).total_seconds() if first else 0
    if waited < MAIL_STUCK:
        return ok("letters", "No letter waits for long." if count else "No letter waits.")
    return wrong("letters", f"{count} letters wait, the oldest for {waited / 60:,.0f} min. The log says why.")
