"""The table of purges that the edge still has to receive."""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import JSON, SmallInteger, String
from sqlalchemy.orm import Mapped, mapped_column

from storefront.extensions import Model, UtcDateTime


def _now() -> datetime:
    return datetime.now(UTC)


class EdgePurge(Model):
    """Tags that one edge has to drop, once and again.

    Attributes:
        target: the address of the edge.
        tags: what it has to drop.
        is_soft: whether it may show the old page while it fetches the new one.
        repeats: how often the edge has received the purge; 0 while it waits for the first time.
        attempts: since the edge last received it.
        error: why the last attempt failed; empty if it did not.
    """

    __tablename__ = "edge_purge"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    target: Mapped[str] = mapped_column(String(300))
    tags: Mapped[list[str]] = mapped_column(JSON)
    is_soft: Mapped[bool]
    repeats: Mapped[int] = mapped_column(SmallInteger, default=0)
    attempts: Mapped[int] = mapped_column(default=0)
    error: Mapped[str] = mapped_column(String(300), default="")
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=_now)
    due_at: Mapped[datetime] = mapped_column(UtcDateTime, default=_now, index=True)
