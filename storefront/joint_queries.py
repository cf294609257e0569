"""Several queries in one statement, each with columns of its own: one round trip to the database, one snapshot.

SQLAlchemy takes ten times longer to build a statement of a page than to run it. So statements that many requests run
are built once, with bind parameters (`bindparam`) for what differs.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Executable,
    Result,
    Row,
    Select,
    Subquery,
    cast,
    literal,
    null,
    select,
    union_all,
)
from sqlalchemy.engine.result import IteratorResult, SimpleResultMetaData

from storefront.extensions import db

Rows = Sequence[Row[*tuple[Any, ...]]]


class JointQuery:
    """Several queries as one statement, to be read as often as wanted.

    Neither the columns of the queries nor their types have to agree.
    """

    def __init__(self, *queries: Select[*tuple[Any, ...]]) -> None:
        self._parts: list[tuple[int, int, SimpleResultMetaData]] = []
        if len(queries) == 1:
            self._statement: Executable = queries[0]
            return
        parts = [query.subquery() for query in queries]  # SQLite has no limit inside a bare union
        self._statement = union_all(*(_widen(part, parts) for part in parts))
        start = 1
        for part in parts:
            end = start + len(part.c)
            self._parts.append((start, end, SimpleResultMetaData(part.c.keys())))
            start = end

    def read(self, values: Mapping[str, Any] | None = None) -> list[Rows]:
        """Return the rows of each query, with the names of its columns. One statement.

        As in any union, the rows come in no particular order.

        Args:
            values: of the bind parameters, by name.
        """
        rows = read_rows(self._statement, values)
        if not self._parts:
            return [rows]
        found: list[Rows] = []
        for number, (start, end, names) in enumerate(self._parts):
            own = [row[start:end] for row in rows if row[0] == number]
            result: Result[*tuple[Any, ...]] = IteratorResult(names, iter(own))
            found.append(result.all())
        return found


def read_together(*queries: Select[*tuple[Any, ...]]) -> list[Rows]:
    """Return the rows of each query, with the names of its columns (`JointQuery`). One statement."""
    return JointQuery(*queries).read()


def read_rows(statement: Executable, values: Mapping[str, Any] | None = None) -> Rows:
    """Return the rows of a statement that reads columns; `values` are those of its bind parameters, by name.

    It does the same as the session's `execute`, without its preparations for objects, which take several times as
    long as the rest.
    """
    session = db.session()
    if session.autoflush:
        session.flush()
    return session.connection().execute(statement, values).all()


def _widen(part: Subquery, parts: Sequence[Subquery]) -> Select[*tuple[Any, ...]]:
    """Return a query's rows as rows of the whole statement: its number, and NULL for the columns of the others."""
    cells = (column if each is part else _missing(column) for each in parts for column in each.c)
    return select(literal(parts.index(part)), *cells)


def _missing(column: ColumnElement[Any]) -> ColumnElement[Any]:
    """Return NULL of a column's type: PostgreSQL takes one without a type for a text."""
    return cast(null(), column.type)
