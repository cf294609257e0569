"""The database's tables: whether this version can use them, and their migration."""

from __future__ import annotations

import fcntl
import logging
import threading
import time
from pathlib import Path

from flask import Flask, current_app, request
from sqlalchemy import inspect, text
from sqlalchemy.exc import SQLAlchemyError

from storefront import failures
from storefront.app_state import Hook
from storefront.errors import StorefrontError
from storefront.extensions import db, migrations_folder

# Commands that deal with any tables or none, by their first word.
_OWN_CHECKS = {(name,) for name in ("backup", "db", "doctor", "limiter", "restore", "setup")}
_WITHOUT_DATABASE = {
    ("cache", "stats"),
    ("cache", "estimate"),
    ("cache", "preview"),
    ("limits", "report"),
    ("checkout", "check"),
}
# Endpoints that answer while the database is down: the page that says so needs its style sheet.
_WITHOUT_TABLES = frozenset({"healthz", "icon", "static"})
PROMPT = 0.5  # seconds; a slower database makes the shop not ready
EMPTY = "The shop is empty. Fill it: flask demo (the demo), or flask catalog import FILE"
_NO_ANSWER = f"The database did not answer within {PROMPT:g} s. Check its load and the network."

log = logging.getLogger(__name__)
set_up_hook = Hook[[], None]("ops.set_up")
"""Fires when the shop is set up, after its own migrations: plugins migrate their tables then."""


def init_app(app: Flask) -> None:
    """In development, migrate the tables before the first page, so that `flask run` works without set-up."""
    if app.config["ENV"] != "development":
        return
    checked = False

    @app.before_request
    def migrate_once() -> None:
        nonlocal checked
        if not checked and request.endpoint not in _WITHOUT_TABLES:
            if problem() is not None:
                is_new = find_revision() is None
                migrate()
                set_up_hook.fire()
                if is_new:  # another server than deploy/gunicorn.conf.py has, which says this at its start
                    log.warning(EMPTY)
            checked = True


class UnusableTablesError(StorefrontError):
    """The database does not answer, or its tables are not those of this version; the text says what to do."""


def problem() -> str | None:
    """Return None if the database answers and has the tables that this version needs, else an error text.

    Tables of a later version are accepted: migrations only add what an older version can ignore, so that it keeps
    serving during a release and serves again after a rollback.
    """
    try:
        current = find_revision()
    except SQLAlchemyError as error:
        log.warning("the database does not answer: %s", error)
        return failures.describe(error) or failures.AWAY
    return _judge(current)


def find_revision() -> str | None:
    """Return the revision of the database's tables; None if it has no tables.

    Raises:
        SQLAlchemyError: the database does not answer.
    """
    with db.engine.connect() as connection:
        if not inspect(connection).has_table("alembic_version"):
            return None
        found: str | None = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
        return found


def newest_revision() -> str:
    """Return the revision of the tables that this version needs: the name of the last migration begins with it."""
    # Without Alembic, which is a tenth of the time that a process takes to start.
    return max(
        file.name.partition("_")[0] for file in Path(migrations_folder(), "versions").glob("[0-9]*.py")
    )


def is_later(revision: str | None) -> bool:
    """Return whether a later version made the tables. Ours are numbers in the order of the migrations."""
    return revision is not None and revision.isdecimal() and int(revision) > int(newest_revision())


def check_is_ours(revision: str | None) -> None:
    """Raise UnusableTablesError if this shop has no migration of this revision: migrating would fail."""
    if revision is not None and not revision.isdecimal():
        raise UnusableTablesError(_outdated(revision))


def check_tables(command: tuple[str, ...]) -> None:
    """Check, before a command runs, that the database has the tables that it needs.

    Raises:
        UnusableTablesError: it has not; the text says what to type.
        SQLAlchemyError: the database does not answer.
    """
    if command[:1] in _OWN_CHECKS or command in _WITHOUT_DATABASE:
        return
    if (found := _judge(find_revision())) is not None:
        raise UnusableTablesError(found)


def _judge(current: str | None) -> str | None:
    return None if current == newest_revision() or is_later(current) else _outdated(current)


def _outdated(current: str | None) -> str:
    if current is None:
        return (
            "This shop has no tables yet. Run: flask setup (or flask setup --no-demo, for a shop without the demo's "
            "products)"
        )
    if not current.isdecimal():
        return (
            f"The tables are at revision {current}, which no version of this shop has. Name another database in "
            "DATABASE_URL, or restore a backup: flask restore FILE"
        )
    return (
        f"The tables are at revision {current}, this version needs {newest_revision()}. Run: flask db upgrade"
    )


class ReadinessProbe:
    """Asks whether the database is usable, and waits no longer than PROMPT for the answer."""

    def __init__(self, app: Flask) -> None:
        self._app = app
        self._answers: list[str | None] = []
        self._thread = threading.Thread()

    def __call__(self) -> str | None:
        """Return None if the database is usable, else an error text. A slower reply than PROMPT counts as none."""
        if not self._thread.is_alive():  # else the last question is still open: its deadlines end it
            self._answers.clear()
            self._thread = threading.Thread(target=self._ask, name="readiness", daemon=True)
            self._thread.start()
        began = time.monotonic()
        self._thread.join(PROMPT)
        is_late = not self._answers or time.monotonic() - began > PROMPT
        return _NO_ANSWER if is_late else self._answers[0]

    def _ask(self) -> None:
        with self._app.app_context():
            self._answers.append(problem())


def migrate() -> None:
    """Migrate the tables. If several processes call this at once, one migrates and the others wait."""
    from flask_migrate import upgrade  # imports Alembic, as in `problem`

    with (Path(current_app.instance_path) / "migrate.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if problem() is not None:
            upgrade()
