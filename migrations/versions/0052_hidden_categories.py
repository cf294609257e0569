"""Categories that the menu does not show.

Revision ID: 0052
Revises: 0051
"""

import sqlalchemy as sa
from alembic import op

revision: str = "0052"
down_revision: str | None = "0051"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    """Add the column; every category stays in the menu."""
    op.add_column("category", sa.Column("hidden", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.create_index(
        "ix_category_hidden",
        "category",
        ["path"],
        sqlite_where=sa.text("hidden"),
        postgresql_where=sa.text("hidden"),
    )


def downgrade() -> None:
    """Remove the column: the menu shows every category again."""
    op.drop_index("ix_category_hidden", "category")
    op.drop_column("category", "hidden")
