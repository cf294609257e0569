"""Purges that the edge has not received yet.

Revision ID: 0040
Revises: 0039
"""

import sqlalchemy as sa
from alembic import op

revision: str = "0040"
down_revision: str | None = "0039"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    """Add the queue, empty."""
    op.create_table(
        "edge_purge",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("target", sa.String(length=300), nullable=False),
        sa.Column("tags", sa.JSON(), nullable=False),
        sa.Column("is_soft", sa.Boolean(), nullable=False),
        sa.Column("repeats", sa.SmallInteger(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("error", sa.String(length=300), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_edge_purge")),
    )
    op.create_index(op.f("ix_edge_purge_due_at"), "edge_purge", ["due_at"])


def downgrade() -> None:
    """Remove the queue: pages at the edge may then be old for a day."""
    op.drop_table("edge_purge")
