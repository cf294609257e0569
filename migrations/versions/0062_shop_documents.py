"""Settings of the merchant with many parts: delivery methods, taxes, payment.

Revision ID: 0062
Revises: 0061
"""

import sqlalchemy as sa
from alembic import op

revision: str = "0062"
down_revision: str | None = "0061"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    """Create the table, empty: a shop with a checkout.toml goes on reading it."""
    op.create_table(
        "shop_document",
        sa.Column("name", sa.String(64), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_by", sa.String(255), nullable=False, server_default=""),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_shop_document")),
    )


def downgrade() -> None:
    """Drop the table."""
    op.drop_table("shop_document")
