"""Counts the SQL statements of a piece of work; the one that begins a transaction on SQLite is none of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from sqlalchemy import event

from storefront.extensions import db


@contextmanager
def statements() -> Iterator[list[str]]:
    """Yield a list that receives each statement as it is sent.

    Without BEGIN: SQLAlchemy sends it as a statement on SQLite (`storefront/sqlite.py`), the driver on PostgreSQL.
    """
    seen: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        if not statement.startswith("BEGIN"):
            seen.append(statement)

    event.listen(db.engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(db.engine, "before_cursor_execute", note)


def count_statements(work: Callable[[], object]) -> int:
    """Return how many SQL statements a function sends."""
    with statements() as seen:
        work()
    return len(seen)
