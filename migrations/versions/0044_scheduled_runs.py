"""Change sets that serving processes apply and undo, with the counts of their rows, and indexes for their pages.

Revision ID: 0044
Revises: 0043
"""

import sqlalchemy as sa
from alembic import op

revision: str = "0044"
down_revision: str | None = "0043"
branch_labels: str | None = None
depends_on: str | None = None

PARTIAL = sa.text("is_partial")


def upgrade() -> None:
    """Add the columns and the indexes, and mark the rows of which a part was left."""
    op.add_column("change_set", sa.Column("states", sa.JSON(), nullable=False, server_default="{}"))
    op.add_column("change_set", sa.Column("run_verb", sa.String(5), nullable=False, server_default=""))
    op.add_column("change_set", sa.Column("run_by", sa.String(255), nullable=False, server_default=""))
    op.add_column("change_set", sa.Column("run_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("change_set", sa.Column("run_attempts", sa.Integer(), nullable=False, server_default="0"))
    op.create_index("ix_change_set_run_at", "change_set", ["run_at"])
    op.add_column(
        "change_set_row", sa.Column("is_partial", sa.Boolean(), nullable=False, server_default=sa.false())
    )
    rows = sa.table("change_set_row", sa.column("result", sa.Text()), sa.column("is_partial", sa.Boolean()))
    is_partial = rows.c.result.like('%"left":[%') | rows.c.result.like('%"not_undone":[%')
    op.execute(rows.update().where(is_partial).values(is_partial=sa.true()))
    op.create_index("ix_change_set_row_flagged", "change_set_row", ["change_set_id", "flagged", "position"])
    op.create_index(
        "ix_change_set_row_partial",
        "change_set_row",
        ["change_set_id", "position"],
        sqlite_where=PARTIAL,
        postgresql_where=PARTIAL,
    )
    op.create_index(
        "ix_change_set_problem_kind", "change_set_problem", ["change_set_id", "kind", "line", "id"]
    )
    op.drop_index("ix_change_set_problem_change_set_id", "change_set_problem")


def downgrade() -> None:
    """Remove the indexes and the columns."""
    op.create_index("ix_change_set_problem_change_set_id", "change_set_problem", ["change_set_id"])
    op.drop_index("ix_change_set_problem_kind", "change_set_problem")
    op.drop_index("ix_change_set_row_partial", "change_set_row")
    op.drop_index("ix_change_set_row_flagged", "change_set_row")
    op.drop_column("change_set_row", "is_partial")
    op.drop_index("ix_change_set_run_at", "change_set")
    for name in ("run_attempts", "run_at", "run_by", "run_verb", "states"):
        op.drop_column("change_set", name)
