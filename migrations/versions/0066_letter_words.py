"""The merchant's words for letters, and what is remembered of the first steps of a shop.

Revision ID: 0066
Revises: 0065
"""

import sqlalchemy as sa
from alembic import op

revision: str = "0066"
down_revision: str | None = "0065"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "letter_words",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("letter", sa.String(40), nullable=False),
        sa.Column("language", sa.String(20), nullable=False),
        sa.Column("subject", sa.String(200), nullable=False),
        sa.Column("opening", sa.Text(), nullable=False),
        sa.Column("closing", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_by", sa.String(255), nullable=False, server_default=""),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_letter_words")),
        sa.UniqueConstraint("letter", "language", name="uq_letter_words_letter_language"),
    )
    op.create_table(
        "launch_state",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("is_hidden", sa.Boolean(), nullable=False),
        sa.Column("letter_tested_at", sa.DateTime(timezone=True)),
        sa.Column("changed_by", sa.String(255), nullable=False, server_default=""),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_launch_state")),
        sa.CheckConstraint("id = 1", name=op.f("ck_launch_state_one_row")),
    )


def downgrade() -> None:
    """Drop the tables."""
    op.drop_table("launch_state")
    op.drop_table("letter_words")
