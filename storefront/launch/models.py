"""What is remembered of the first steps: whether `/admin` hides them, and when a test letter was sent."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import ClassVar

from sqlalchemy import CheckConstraint
from sqlalchemy.orm import Mapped, Session, mapped_column

from storefront.actors import ChangedBy
from storefront.extensions import Model, UtcDateTime

_ID = 1


class LaunchState(ChangedBy, Model):
    """The one row about the first steps of the shop. The other facts of the steps are where they belong."""

    __tablename__ = "launch_state"

    id: Mapped[int] = mapped_column(primary_key=True)
    is_hidden: Mapped[bool] = mapped_column(default=False)
    letter_tested_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    __table_args__ = (CheckConstraint("id = 1", name="one_row"),)

    history_fields: ClassVar[tuple[str, ...]] = ("is_hidden",)

    def cache_tags(self) -> set[str]:
        """Return no tags: no page of the shop shows it."""
        return set()


def set_hidden(session: Session, *, is_hidden: bool) -> None:
    """Hide the steps on `/admin`, or show them again."""
    _row(session).is_hidden = is_hidden


def record_test_letter(session: Session) -> None:
    """Record that somebody sends a test letter, in the transaction that enqueues it."""
    _row(session).letter_tested_at = datetime.now(UTC)


def _row(session: Session) -> LaunchState:
    row = session.get(LaunchState, _ID)
    if row is None:
        row = LaunchState(id=_ID, is_hidden=False)
        session.add(row)
        session.flush()
    return row
