"""Rows as one parameter: a statement that reads many rows from a JSON text, the same text for any number of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec


def from_item(dialect: str, name: str, columns: Mapping[str, str]) -> str:
    """Return the FROM item, called `name`, that reads the rows of the parameter `:{name}`.

    Args:
        dialect: "sqlite" or "postgresql".
        name: of the FROM item and of the parameter.
        columns: each column's SQL type; for SQLite, JSON's own types are enough.
    """
    if dialect == "sqlite":
        read = ", ".join(f"json_extract(value, '$.{column}') AS {column}" for column in columns)
        return f"(SELECT {read} FROM json_each(:{name})) AS {name}"
    typed = ", ".join(f"{column} {kind}" for column, kind in columns.items())
    return f"jsonb_to_recordset(CAST(:{name} AS jsonb)) AS {name}({typed})"


def encode(rows: Sequence[Mapping[str, Any]]) -> str:
    """Return the value of the parameter."""
    return msgspec.json.encode(rows).decode()
