"""The record of deletions: who deleted which row, since a row that is gone cannot name its last actor.

A record is added when the ORM deletes a row of a table with `ChangedBy`; code that deletes such rows by a statement
calls `record`. Records are never changed, and kept for `RETENTION`.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from flask import Flask
from sqlalchemy import Connection, String, event, insert, inspect
from sqlalchemy.orm import Mapped, Mapper, mapped_column

from storefront import periodic
from storefront.actors import MAX_LENGTH, ChangedBy, actor_text
from storefront.background.old_rows import delete_old_rows
from storefront.extensions import Model, UtcDateTime

RETENTION = timedelta(days=400)  # as security events


class Deletion(Model):
    """A deleted row: its table, its key, its name (`ChangedBy.deletion_name`), and who deleted it."""

    __tablename__ = "deletion"

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(64))
    row_id: Mapped[str] = mapped_column(String(64))
    name: Mapped[str] = mapped_column(String(255), default="")
    actor: Mapped[str] = mapped_column(String(MAX_LENGTH))
    at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)


def init_app(app: Flask) -> None:
    """Delete old records in the background."""
    periodic.add_task(app, "deletions", delete_old, interval=3600.0)


def delete_old() -> int:
    """Delete a batch of the records that are older than `RETENTION`; return how many."""
    return delete_old_rows(Deletion, Deletion.at < datetime.now(UTC) - RETENTION)


def record(connection: Connection, model: type[ChangedBy], rows: Iterable[tuple[object, str]]) -> None:
    """Record rows that a statement deleted, in its transaction.

    Args:
        connection: of the transaction.
        model: the table.
        rows: key and name of each row; the name contains nothing personal and no secret.
    """
    about = {"kind": inspect(model).local_table.description, "actor": actor_text(), "at": datetime.now(UTC)}
    values = [about | {"row_id": str(key), "name": name[:255]} for key, name in rows]
    if values:
        connection.execute(insert(Deletion), values)


@event.listens_for(ChangedBy, "after_delete", propagate=True)
def _record_row(_mapper: Mapper[ChangedBy], connection: Connection, row: ChangedBy) -> None:
    [key] = inspect(row).identity or ("",)
    record(connection, type(row), [(key, row.deletion_name)])
