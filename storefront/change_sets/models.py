"""Tables of change sets. They name products by id and address only: a deleted product leaves its history."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any, Literal

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, String, Text, false, text
from sqlalchemy.orm import Mapped, mapped_column

from storefront.actors import MAX_LENGTH
from storefront.extensions import Model, UtcDateTime

# planning → planned → applying → applied → undoing → undone. A change set that is "planning" is not complete and is
# never applied; "applying" and "undoing" that nobody continues were interrupted.
Status = Literal["planning", "planned", "applying", "applied", "undoing", "undone", "discarded"]
# Of a row. "skipped": nothing of it was applied. "left": the undo left a part of it, or all.
RowState = Literal["pending", "applied", "skipped", "undone", "left"]
ProblemKind = Literal["refused", "note"]


def _now() -> datetime:
    return datetime.now(UTC)


class ChangeSet(Model):
    """A change of many products, planned as a whole.

    Attributes:
        kind: the source, such as "import" or "edit"; the reason in the ledger of stock.
        name: what people call it, such as the name of the file.
        options: what it was planned with; "images" is the folder of its pictures.
        summary: counts of the plan, for lists.
        products: how many rows it has.
        states: how many rows are in each state; empty if it was planned by an earlier release (`store.states_of`).
        run_verb: what serving processes do with it, "apply" or "undo", while `run_at` is set (`scheduled_runs`).
        run_by: who asked for that.
        run_at: when a serving process goes on with it; None: none does.
        run_attempts: how often one did, in vain.
    """

    __tablename__ = "change_set"

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(16))
    name: Mapped[str] = mapped_column(Text, default="")
    options: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    summary: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    products: Mapped[int] = mapped_column(default=0)
    status: Mapped[str] = mapped_column(String(9), default="planning")
    created_by: Mapped[str] = mapped_column(String(MAX_LENGTH), default="")
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=_now)
    applied_by: Mapped[str] = mapped_column(String(MAX_LENGTH), default="")
    applied_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    undone_by: Mapped[str] = mapped_column(String(MAX_LENGTH), default="")
    undone_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    states: Mapped[dict[str, int]] = mapped_column(JSON, default=dict, server_default="{}")
    run_verb: Mapped[str] = mapped_column(String(5), default="", server_default="")
    run_by: Mapped[str] = mapped_column(String(MAX_LENGTH), default="", server_default="")
    run_at: Mapped[datetime | None] = mapped_column(UtcDateTime, index=True)
    run_attempts: Mapped[int] = mapped_column(default=0, server_default="0")

    __table_args__ = (
        CheckConstraint(
            "status IN ('planning', 'planned', 'applying', 'applied', 'undoing', 'undone', 'discarded')",
            name="status",
        ),
    )

    @property
    def reference(self) -> str:
        """What the ledger of stock calls it."""
        return f"change set {self.id}"

    def move_rows(self, before: RowState, after: Iterable[RowState]) -> None:
        """Count rows that have left a state for others."""
        counts = Counter(self.states)
        for state in after:
            counts[before] -= 1
            counts[state] += 1
        self.states = {state: number for state, number in counts.items() if number > 0}


class ChangeSetRow(Model):
    """The change of one product.

    Attributes:
        position: from 1, in the order in which the rows are applied.
        product_id: None until a product that is created is there.
        flags: what a merchant should look at first; see `changes.Flag`.
        flagged: whether there is any flag.
        content: a `changes.ProductChange` as JSON.
        result: a `results.RowResult` as JSON; None until the row is applied.
        is_partial: whether a part of it was not applied, or not undone.
    """

    __tablename__ = "change_set_row"

    id: Mapped[int] = mapped_column(primary_key=True)
    change_set_id: Mapped[int] = mapped_column(ForeignKey("change_set.id", ondelete="CASCADE"))
    position: Mapped[int]
    product_id: Mapped[int | None]
    slug: Mapped[str] = mapped_column(String(255), default="")
    title: Mapped[str] = mapped_column(Text, default="")
    flags: Mapped[list[str]] = mapped_column(JSON, default=list)
    flagged: Mapped[bool] = mapped_column(default=False)
    content: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(String(7), default="pending")
    result: Mapped[str | None] = mapped_column(Text)
    is_partial: Mapped[bool] = mapped_column(default=False, server_default=false())

    __table_args__ = (
        CheckConstraint("state IN ('pending', 'applied', 'skipped', 'undone', 'left')", name="state"),
        Index("ix_change_set_row_state", "change_set_id", "state", "position"),
        Index("ix_change_set_row_flagged", "change_set_id", "flagged", "position"),
        Index(
            "ix_change_set_row_partial",
            "change_set_id",
            "position",
            sqlite_where=text("is_partial"),
            postgresql_where=text("is_partial"),
        ),
    )


class ChangeSetProblem(Model):
    """A row of the source that was refused, or a note about what was read or done differently."""

    __tablename__ = "change_set_problem"

    id: Mapped[int] = mapped_column(primary_key=True)
    change_set_id: Mapped[int] = mapped_column(ForeignKey("change_set.id", ondelete="CASCADE"))
    line: Mapped[int] = mapped_column(default=0)
    column: Mapped[str] = mapped_column(String(255), default="")
    reason: Mapped[str] = mapped_column(Text)
    kind: Mapped[str] = mapped_column(String(7), default="refused")

    __table_args__ = (
        CheckConstraint("kind IN ('refused', 'note')", name="kind"),
        Index("ix_change_set_problem_kind", "change_set_id", "kind", "line", "id"),
    )
