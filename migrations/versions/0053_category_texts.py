"""Texts of categories: a description, and what search engines show.

Revision ID: 0053
Revises: 0052
"""

import sqlalchemy as sa
from alembic import op

revision: str = "0053"
down_revision: str | None = "0052"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    """Add the columns, empty."""
    op.add_column("category", sa.Column("description_html", sa.Text(), server_default="", nullable=False))
    op.add_column("category", sa.Column("seo_title", sa.String(500), server_default="", nullable=False))
    op.add_column("category", sa.Column("seo_description", sa.Text(), server_default="", nullable=False))


def downgrade() -> None:
    """Remove the columns with the texts."""
    op.drop_column("category", "seo_description")
    op.drop_column("category", "seo_title")
    op.drop_column("category", "description_html")
