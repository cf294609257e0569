"""Change stock rows: one conditional UPDATE for any number of rows, each of which changes only if it may."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, cast

from sqlalchemy import (
    Boolean,
    Connection,
    Integer,
    Table,
    TextualSelect,
    bindparam,
    literal_column,
    text,
    update,
)

from storefront import json_rows
from storefront.stock.models import StockItem

_ROW = cast("Table", StockItem.__table__).c
# Built once and executed without the ORM's mapper, since every purchase waits for these statements.
# A row changes only if nothing becomes negative: what is available, what is on hand and what is reserved.
_DELTA, _RESERVED_DELTA = bindparam("delta", type_=Integer()), bindparam("more", type_=Integer())
_AVAILABLE_DELTA = _DELTA - _RESERVED_DELTA
_AVAILABLE = _ROW.on_hand - _ROW.reserved
# As text: on SQLite, SQLAlchemy removes table names from RETURNING, which would change this subquery's meaning.
_COUNT = "(SELECT count(*) FROM stock_item AS other WHERE other.product_id = stock_item.product_id)"
_CHANGE_ONE = (
    update(StockItem.__table__)  # type: ignore[arg-type]
    .where(
        _ROW.sku == bindparam("of_sku"),
        (_AVAILABLE + _AVAILABLE_DELTA >= 0) | (_AVAILABLE_DELTA >= 0) | ~_ROW.tracked,
        _ROW.on_hand + _DELTA >= 0,
        _ROW.reserved + _RESERVED_DELTA >= 0,
    )
    .values(on_hand=_ROW.on_hand + _DELTA, reserved=_ROW.reserved + _RESERVED_DELTA, version=_ROW.version + 1)
    .returning(
        *(_ROW.product_id, _ROW.sku, _ROW.version, _ROW.tracked, _ROW.low_threshold),
        _AVAILABLE.label("available"),
        literal_column(_COUNT, Integer()).label("variants"),
    )
)
# The same for many rows, from a JSON text.
_COLUMNS = {"place": "integer", "sku": "text", "delta": "integer", "more": "integer", "seen": "integer"}
_CHANGE_MANY = """
UPDATE stock_item
SET on_hand = on_hand + change.delta, reserved = reserved + change.more, version = version + 1
FROM {source} WHERE stock_item.sku = change.sku
    AND (on_hand - reserved + change.delta - change.more >= 0 OR change.delta >= change.more OR NOT tracked)
    AND on_hand + change.delta >= 0 AND reserved + change.more >= 0
    AND (change.seen IS NULL OR on_hand = change.seen)
RETURNING product_id, stock_item.sku, version, tracked, low_threshold, on_hand - reserved AS available,
    {count} AS variants
"""
# PostgreSQL locks the rows one after the other, so that two transactions cannot deadlock; SQLite has one writer.
_LOCKED = """
WITH locked AS MATERIALIZED (
    SELECT change.* FROM stock_item JOIN {source} ON stock_item.sku = change.sku
    ORDER BY change.place FOR UPDATE OF stock_item
)
"""


@dataclass(frozen=True, slots=True)
class RowChange:
    """What is added to a stock row.

    Attributes:
        sku: the row's.
        on_hand: what is added to what is on hand.
        reserved: what is added to what is reserved.
        seen: what must be on hand before; None if that does not matter.
    """

    sku: str
    on_hand: int = 0
    reserved: int = 0
    seen: int | None = None


def change_rows(connection: Connection, changes: Sequence[RowChange]) -> dict[str, Any]:
    """Change stock rows in one statement; return the rows that changed, by SKU.

    Args:
        connection: in a writing transaction.
        changes: in the order in which rows are locked; at most one of each SKU.
    """
    if len(changes) == 1 and changes[0].seen is None:
        one = changes[0]
        found = connection.execute(
            _CHANGE_ONE, {"of_sku": one.sku, "delta": one.on_hand, "more": one.reserved}
        )
    else:
        values = [
            {"place": place, "sku": each.sku, "delta": each.on_hand, "more": each.reserved, "seen": each.seen}
            for place, each in enumerate(changes)
        ]
        found = connection.execute(
            _change_many(connection.dialect.name), {"change": json_rows.encode(values)}
        )
    return {row.sku: row for row in found}


@cache
def _change_many(dialect: str) -> TextualSelect:
    source = json_rows.from_item(dialect, "change", _COLUMNS)
    if dialect == "sqlite":
        statement = _CHANGE_MANY.format(source=source, count=_COUNT)
    else:
        statement = _LOCKED.format(source=source) + _CHANGE_MANY.format(
            source="locked AS change", count=_COUNT
        )
    return text(statement).columns(tracked=Boolean())
