"""Whether the database has the tables that this version of the shop needs."""

from __future__ import annotations

import fcntl
import logging
import time
from pathlib import Path

from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from flask import Flask, current_app
from flask_migrate import upgrade
from sqlalchemy.exc import SQLAlchemyError

from storefront.extensions import db

PROMPT = 0.5  # seconds in which a shop that is ready hears from its database

log = logging.getLogger(__name__)


def init_app(app: Flask) -> None:
    """In development, bring the tables up to date before the first page, so that a bare `flask run` works."""
    if app.config["ENV"] != "development":
        return
    looked = False

    @app.before_request
    def look_once() -> None:
        nonlocal looked
        if not looked:
            if problem() is not None:
                migrate()
            looked = True


def problem() -> str | None:
    """Return None if the database answers and has the tables that this version needs, else what to do about it.

    Those of a later version will do: migrations only add what this one can leave out, so that it goes on serving
    while a release is brought out, and serves again when one is taken back.
    """
    try:
        with db.engine.connect() as connection:
            current = MigrationContext.configure(connection).get_current_revision()
    except SQLAlchemyError as error:
        log.warning("the database does not answer: %s", error)
        return "The database does not answer. Check DATABASE_URL, and that the server runs."
    wanted = ScriptDirectory(current_app.extensions["migrate"].directory).get_current_head()
    if current == wanted or _is_later(current, str(wanted)):
        return None
    return (
        f"The tables are at revision {current or 'none'}, this version needs {wanted}. Run: flask db upgrade"
    )


def _is_later(revision: str | None, than: str) -> bool:
    """Return whether a revision comes after another: ours are numbers in the order of the chain."""
    return revision is not None and revision.isdecimal() and int(revision) > int(than)


def readiness() -> str | None:
    """Return None if the shop can serve with this database now, else what is missing: too late an answer is none."""
    began = time.monotonic()
    found = problem()
    took = time.monotonic() - began
    if found is None and took > PROMPT:
        return f"The database answers after {took:.1f} s. Look at its load, and at the network between."
    return found


def migrate() -> None:
    """Bring the tables up to date; of several processes at once one does it and the others wait for it."""
    with (Path(current_app.instance_path) / "migrate.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if problem() is not None:
            upgrade()
