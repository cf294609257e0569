"""Catalogue files that staff send with their browser.

Revision ID: 0045
Revises: 0044
"""

import sqlalchemy as sa
from alembic import op

revision: str = "0045"
down_revision: str | None = "0044"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    """Add the table."""
    op.create_table(
        "catalog_upload",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("folder", sa.String(64), nullable=False),
        sa.Column("options", sa.JSON(), nullable=False),
        sa.Column("result", sa.JSON(), nullable=False),
        sa.Column("change_set_id", sa.Integer(), nullable=True),
        sa.Column("finished", sa.Integer(), nullable=False),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("created_by", sa.String(255), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_catalog_upload")),
    )
    op.create_index("ix_catalog_upload_created_at", "catalog_upload", ["created_at"])
    op.create_index("ix_catalog_upload_due_at", "catalog_upload", ["due_at"])


def downgrade() -> None:
    """Remove the table."""
    op.drop_table("catalog_upload")
