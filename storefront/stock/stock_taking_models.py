"""Tables of stock-takings: the session, what was counted of each variant, and each single count."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Literal

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from storefront.actors import MAX_LENGTH, ChangedBy, actor_text
from storefront.extensions import Model, UtcDateTime

TakingState = Literal["open", "applying", "applied", "undoing", "undone", "discarded"]
MAX_NAME, MAX_KEY = 120, 64
MAX_COUNTED = 99_999_999  # of one variant


def _now() -> datetime:
    return datetime.now(UTC)


class StockTaking(ChangedBy, Model):
    """A stock-taking: goods are counted while it is open, then all differences are applied at once.

    Attributes:
        ended_by: who brought it into its present state; the differences are applied in this person's name.
        run_at: when a serving process goes on applying or undoing it (`taking_runs`); None: none does.
        run_attempts: how often one did, in vain.
    """

    __tablename__ = "stock_taking"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(MAX_NAME))
    state: Mapped[str] = mapped_column(String(9), default="open")
    started_by: Mapped[str] = mapped_column(String(MAX_LENGTH), default=actor_text)
    started_at: Mapped[datetime] = mapped_column(UtcDateTime, default=_now)
    ended_by: Mapped[str] = mapped_column(String(MAX_LENGTH), default="")
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    run_at: Mapped[datetime | None] = mapped_column(UtcDateTime, index=True)
    run_attempts: Mapped[int] = mapped_column(default=0, server_default="0")

    __table_args__ = (
        CheckConstraint(
            "state IN ('open', 'applying', 'applied', 'undoing', 'undone', 'discarded')", name="state"
        ),
    )

    @property
    def reference(self) -> str:
        """What the ledger of stock calls it."""
        return f"stock-taking {self.id}"


class StockTakingLine(Model):
    """What was counted of one variant.

    Attributes:
        expected: what was on hand by the ledger when it was last counted.
        counted: all counts together.
        adjustment: what was added to the stock when the stock-taking was applied; None before.
        restored: what its undo has added; None before.
    """

    __tablename__ = "stock_taking_line"

    id: Mapped[int] = mapped_column(primary_key=True)
    taking_id: Mapped[int] = mapped_column(ForeignKey("stock_taking.id", ondelete="CASCADE"))
    sku: Mapped[str] = mapped_column(String(255))
    expected: Mapped[int]
    counted: Mapped[int]
    adjustment: Mapped[int | None]
    restored: Mapped[int | None]

    __table_args__ = (
        CheckConstraint("counted >= 0", name="counted_not_negative"),
        UniqueConstraint("taking_id", "sku"),
        Index("ix_stock_taking_line_taking_id_id", "taking_id", "id"),
    )

    @property
    def difference(self) -> int:
        """How many more were counted than were expected."""
        return self.counted - self.expected


class StockCount(Model):
    """One count: a scan or a number that somebody typed; never changed.

    Attributes:
        key: the sender's name for the count, so that a repeated request counts once.
        quantity: what it added to the line.
    """

    __tablename__ = "stock_count"

    id: Mapped[int] = mapped_column(primary_key=True)
    taking_id: Mapped[int] = mapped_column(ForeignKey("stock_taking.id", ondelete="CASCADE"))
    key: Mapped[str] = mapped_column(String(MAX_KEY))
    sku: Mapped[str] = mapped_column(String(255))
    quantity: Mapped[int]
    actor: Mapped[str] = mapped_column(String(MAX_LENGTH), default=actor_text)
    at: Mapped[datetime] = mapped_column(UtcDateTime, default=_now)

    __table_args__ = (
        UniqueConstraint("taking_id", "key"),
        Index("ix_stock_count_taking_id_sku", "taking_id", "sku"),
    )
