"""Filters of lists in the back office that people keep.

Revision ID: 0048
Revises: 0047
"""

import sqlalchemy as sa
from alembic import op

revision: str = "0048"
down_revision: str | None = "0047"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    """Add the table, empty."""
    op.create_table(
        "saved_filter",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("page", sa.String(length=20), nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("query", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_saved_filter")),
        sa.ForeignKeyConstraint(
            ["user_id"],
            ["user_account.id"],
            name=op.f("fk_saved_filter_user_id_user_account"),
            ondelete="CASCADE",
        ),
        sa.UniqueConstraint("user_id", "page", "name", name=op.f("uq_saved_filter_user_id_page_name")),
    )


def downgrade() -> None:
    """Remove the table with what people have saved."""
    op.drop_table("saved_filter")
