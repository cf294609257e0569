"""Redirects from addresses of an earlier shop, and a product's slug whatever its case.

Revision ID: 0028
Revises: 0027
"""

import sqlalchemy as sa
from alembic import op

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "address_redirect",
        sa.Column("path", sa.String(length=1000), nullable=False),
        sa.Column("target", sa.String(length=2000), nullable=False),
        sa.Column("changed_by", sa.String(length=255), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("path", name=op.f("pk_address_redirect")),
    )
    op.create_index("ix_product_slug_lower", "product", [sa.text("lower(slug)")])


def downgrade() -> None:
    op.drop_index("ix_product_slug_lower", table_name="product")
    op.drop_table("address_redirect")
