"""When a product is published and withdrawn by itself.

Revision ID: 0061
Revises: 0060
"""

import sqlalchemy as sa
from alembic import op

revision: str = "0061"
down_revision: str | None = "0060"
branch_labels: str | None = None
depends_on: str | None = None

PARTIAL = {
    "ix_product_planned": ("id", "publish_at IS NOT NULL OR withdraw_at IS NOT NULL"),
    "ix_product_publish_at": ("publish_at", "publish_at IS NOT NULL"),
    "ix_product_withdraw_at": ("withdraw_at", "withdraw_at IS NOT NULL"),
}


def upgrade() -> None:
    """Add the moments, empty, and the indexes of the products that have one."""
    for name in ("publish_at", "withdraw_at"):
        op.add_column("product", sa.Column(name, sa.DateTime(timezone=True)))
    for name, (column, condition) in PARTIAL.items():
        where = sa.text(condition)
        op.create_index(name, "product", [column], sqlite_where=where, postgresql_where=where)


def downgrade() -> None:
    """Remove the indexes and the moments."""
    for name in PARTIAL:
        op.drop_index(name, "product")
    for name in ("withdraw_at", "publish_at"):
        op.drop_column("product", name)
