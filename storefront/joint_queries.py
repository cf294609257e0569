"""Several queries in one statement, each with columns of its own: one round trip to the database, one snapshot."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Result, Row, Select, Subquery, cast, literal, null, select, union_all
from sqlalchemy.engine.result import IteratorResult, SimpleResultMetaData

from storefront.extensions import db

Rows = Sequence[Row[*tuple[Any, ...]]]


def read_together(*queries: Select[*tuple[Any, ...]]) -> list[Rows]:
    """Return the rows of each query, with the names of its columns. One statement.

    Neither the columns nor their types have to agree. As in any union, the rows come in no particular order.
    """
    if len(queries) == 1:
        return [db.session.execute(queries[0]).all()]
    parts = [query.subquery() for query in queries]  # SQLite has no limit inside a bare union
    rows = db.session.execute(union_all(*(_widen(part, parts) for part in parts))).all()
    found: list[Rows] = []
    start = 1
    for number, part in enumerate(parts):
        end = start + len(part.c)
        own = [row[start:end] for row in rows if row[0] == number]
        result: Result[*tuple[Any, ...]] = IteratorResult(SimpleResultMetaData(part.c.keys()), iter(own))
        found.append(result.all())
        start = end
    return found


def _widen(part: Subquery, parts: Sequence[Subquery]) -> Select[*tuple[Any, ...]]:
    """Return a query's rows as rows of the whole statement: its number, and NULL for the columns of the others."""
    cells = (column if each is part else _missing(column) for each in parts for column in each.c)
    return select(literal(parts.index(part)), *cells)


def _missing(column: ColumnElement[Any]) -> ColumnElement[Any]:
    """Return NULL of a column's type: PostgreSQL takes one without a type for a text."""
    return cast(null(), column.type)
