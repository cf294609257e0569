"""The history: who changed which field.

Revision ID: 0049
Revises: 0048
"""

import sqlalchemy as sa
from alembic import op

revision: str = "0049"
down_revision: str | None = "0048"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    """Add the table."""
    op.create_table(
        "recorded_change",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor", sa.String(255), nullable=False),
        sa.Column("actor_kind", sa.String(8), nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("row_id", sa.String(64), nullable=False),
        sa.Column("product_id", sa.Integer(), nullable=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("action", sa.String(6), nullable=False),
        sa.Column("fields", sa.JSON(), nullable=False),
        sa.Column("tags", sa.JSON(), nullable=False),
        sa.Column("change_set_id", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recorded_change")),
    )
    op.create_index("ix_recorded_change_at", "recorded_change", ["at"])
    op.create_index("ix_recorded_change_product_id", "recorded_change", ["product_id", "id"])
    op.create_index("ix_recorded_change_actor_kind", "recorded_change", ["actor_kind", "id"])
    op.create_index("ix_recorded_change_kind", "recorded_change", ["kind", "id"])


def downgrade() -> None:
    """Remove the table."""
    op.drop_table("recorded_change")
