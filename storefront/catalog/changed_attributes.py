"""Find out which attributes of a row a flush changes: for models that name their cache tags."""

from __future__ import annotations

from typing import Any

from sqlalchemy import inspect


def changed_values(row: object, *names: str) -> list[Any]:
    """Return the old and new values of those attributes that this flush changes; for a new row, all values."""
    attributes = inspect(row).attrs
    found: list[Any] = []
    for name in names:
        history = attributes[name].history
        if history.has_changes():
            found += [value for value in (*history.deleted, *history.added) if value is not None]
            found = found or [getattr(row, name)]
    return found
