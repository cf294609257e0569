"""Clicks that fetch the pictures which products name by web address.

Revision ID: 0069
Revises: 0068
"""

import sqlalchemy as sa
from alembic import op

revision: str = "0069"
down_revision: str | None = "0068"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    """Create the table."""
    op.create_table(
        "picture_fetch",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("run_by", sa.String(255), nullable=False),
        sa.Column("run_at", sa.DateTime(timezone=True)),
        sa.Column("run_attempts", sa.Integer(), nullable=False),
        sa.Column("last_id", sa.Integer(), nullable=False),
        sa.Column("fetched", sa.Integer(), nullable=False),
        sa.Column("failed", sa.Integer(), nullable=False),
        sa.Column("failures", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_picture_fetch")),
    )
    op.create_index("ix_picture_fetch_run_at", "picture_fetch", ["run_at"])


def downgrade() -> None:
    """Drop the table."""
    op.drop_table("picture_fetch")
