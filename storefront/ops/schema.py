"""The database's tables: whether this version can use them, and their migration."""

from __future__ import annotations

import fcntl
import logging
import time
from pathlib import Path

from flask import Flask, current_app
from sqlalchemy.exc import SQLAlchemyError

from storefront.extensions import db, migrations_folder

PROMPT = 0.5  # seconds; a slower database makes the shop not ready

log = logging.getLogger(__name__)


def init_app(app: Flask) -> None:
    """In development, migrate the tables before the first page, so that `flask run` works without set-up."""
    if app.config["ENV"] != "development":
        return
    checked = False

    @app.before_request
    def migrate_once() -> None:
        nonlocal checked
        if not checked:
            if problem() is not None:
                migrate()
            checked = True


def problem() -> str | None:
    """Return None if the database answers and has the tables that this version needs, else an error text.

    Tables of a later version are accepted: migrations only add what an older version can ignore, so that it keeps
    serving during a release and serves again after a rollback.
    """
    # Here, because Alembic is a tenth of the time that a process takes to start.
    from alembic.migration import MigrationContext
    from alembic.script import ScriptDirectory

    try:
        with db.engine.connect() as connection:
            current = MigrationContext.configure(connection).get_current_revision()
    except SQLAlchemyError as error:
        log.warning("the database does not answer: %s", error)
        return "The database does not answer. Check DATABASE_URL, and that the server is running."
    wanted = ScriptDirectory(migrations_folder()).get_current_head()
    if current == wanted or _is_later(current, str(wanted)):
        return None
    return (
        f"The tables are at revision {current or 'none'}, this version needs {wanted}. Run: flask db upgrade"
    )


def _is_later(revision: str | None, than: str) -> bool:
    """Return whether a revision comes after another. Ours are numbers in the order of the migrations."""
    return revision is not None and revision.isdecimal() and int(revision) > int(than)


def readiness() -> str | None:
    """Return None if the database is usable, else an error text. A reply slower than PROMPT counts as a failure."""
    began = time.monotonic()
    found = problem()
    took = time.monotonic() - began
    if found is None and took > PROMPT:
        return f"The database took {took:.1f} s to answer. Check its load and the network."
    return found


def migrate() -> None:
    """Migrate the tables. If several processes call this at once, one migrates and the others wait."""
    from flask_migrate import upgrade  # imports Alembic, as in `problem`

    with (Path(current_app.instance_path) / "migrate.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if problem() is not None:
            upgrade()
