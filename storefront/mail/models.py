"""The table of queued mail."""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import String, Text
from sqlalchemy.orm import Mapped, mapped_column

from storefront.extensions import Model, UtcDateTime


def _now() -> datetime:
    return datetime.now(UTC)


class QueuedMail(Model):
    """A mail that has not been sent yet. `message` is a `MailText` or a `DeferredMail` as JSON.

    An empty `recipient` marks a mail that is dropped instead of sent.
    """

    __tablename__ = "letter"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    recipient: Mapped[str] = mapped_column(String(254))
    message: Mapped[str] = mapped_column(Text)
    attempts: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=_now)
    due_at: Mapped[datetime] = mapped_column(UtcDateTime, default=_now, index=True)
