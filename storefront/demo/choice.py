"""The decision whether this shop has the demo catalogue: made once, and stored in SQL, so that backups contain it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Literal

from sqlalchemy import CheckConstraint, String
from sqlalchemy.orm import Mapped, Session, mapped_column

from storefront.actors import ChangedBy
from storefront.extensions import Model, UtcDateTime

# "existing": the shop is older than this record, or had products of its own at its first set-up.
DemoDecision = Literal["loaded", "declined", "removed", "existing"]
_ID = 1


class DemoChoice(ChangedBy, Model):
    """The one row that says what was decided. While it is there, no set-up loads the demo by itself."""

    __tablename__ = "demo_choice"

    id: Mapped[int] = mapped_column(primary_key=True)
    choice: Mapped[str] = mapped_column(String(8))
    made_at: Mapped[datetime] = mapped_column(UtcDateTime, default=lambda: datetime.now(UTC))

    __table_args__ = (
        CheckConstraint("id = 1", name="one_row"),
        CheckConstraint("choice IN ('loaded', 'declined', 'removed', 'existing')", name="choice"),
    )

    def cache_tags(self) -> set[str]:
        """Return no tags: no page shows it."""
        return set()


def read_choice(session: Session) -> str | None:
    """Return what was decided; None if nobody has decided yet."""
    row = session.get(DemoChoice, _ID)
    return row.choice if row else None


def record_choice(session: Session, choice: DemoDecision) -> None:
    """Record a decision in the session's transaction, in the place of an earlier one."""
    row = session.get(DemoChoice, _ID)
    if row is None:
        session.add(DemoChoice(id=_ID, choice=choice))
    else:
        row.choice, row.made_at = choice, datetime.now(UTC)
