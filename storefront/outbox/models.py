"""The table of messages that are still to be delivered."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import JSON, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from storefront.extensions import Model, UtcDateTime


class OutboxMessage(Model):
    """A message of a transaction. The row exists if and only if the transaction was committed."""

    __tablename__ = "outbox"

    # Made by the writer, not by a sequence: the id is known before the row is written, which saves a statement.
    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    topic: Mapped[str] = mapped_column(String(40))
    payload: Mapped[Any] = mapped_column(JSON)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=lambda: datetime.now(UTC))

    __table_args__ = (Index("ix_outbox_created_at", "created_at"),)
