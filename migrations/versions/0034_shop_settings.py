"""The merchant's settings.

Revision ID: 0034
Revises: 0033
"""

import sqlalchemy as sa
from alembic import op

revision = "0034"
down_revision = "0033"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "shop_setting",
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_by", sa.String(length=255), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_shop_setting")),
    )


def downgrade() -> None:
    op.drop_table("shop_setting")
