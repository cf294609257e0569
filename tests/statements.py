"""Counts the SQL statements of a piece of work, and what they read."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Select, event, text

from storefront.extensions import Model, db


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


@contextmanager
def rows_read() -> Iterator[list[int]]:
    """Yield a list that receives, at the end, how much the statements of this transaction's session have read.

    On PostgreSQL the rows of tables and the entries of indexes; on SQLite the steps of its virtual machine, of which
    each row takes some.
    """
    read = list[int]()
    if db.engine.dialect.name == "postgresql":
        # As if for large tables: it would read small ones whole.
        for cost in ("cpu_tuple_cost", "cpu_index_tuple_cost"):
            db.session.execute(text(f"SET LOCAL {cost} = 100"))
        # A statement that this connection has often executed may have a plan from before, for small tables.
        db.session.execute(text("SET LOCAL plan_cache_mode = force_custom_plan"))
        before = _rows_of_transaction()
        yield read
        read.append(_rows_of_transaction() - before)
        return
    taken = itertools.count()
    driver: Any = db.session.connection().connection.driver_connection
    driver.set_progress_handler(lambda: next(taken) < 0, 1)
    try:
        yield read
    finally:
        driver.set_progress_handler(None, 1)
    read.append(next(taken))


def whole_reads(query: Select[Any]) -> list[str]:
    """Return the steps of a query's plan that read a whole table. PostgreSQL uses an index whenever one serves."""
    sql = str(query.compile(db.engine, compile_kwargs={"literal_binds": True})).replace(":", "\\:")
    if db.engine.dialect.name == "postgresql":
        db.session.execute(text("SET LOCAL enable_seqscan = off"))
        return [step for (step,) in db.session.execute(text(f"EXPLAIN {sql}")) if "Seq Scan" in step]
    steps = [row[-1] for row in db.session.execute(text(f"EXPLAIN QUERY PLAN {sql}"))]
    # An alias begins with its table's name.
    scanned = tuple(f"SCAN {table}" for table in Model.metadata.tables)
    return [step for step in steps if step.startswith(scanned)]


def _rows_of_transaction() -> int:
    query = (
        "SELECT coalesce(sum(pg_stat_get_xact_tuples_returned(oid)), 0) FROM pg_class "
        "WHERE relkind IN ('r', 'i') AND relnamespace = 'public'::regnamespace"
    )
    return int(db.session.execute(text(query)).scalar_one())
