"""Indexes for products in the back office: that are low or sold out, or not shown, the newest first.

Revision ID: 0060
Revises: 0059
"""

import sqlalchemy as sa
from alembic import op

revision: str = "0060"
down_revision: str | None = "0059"
branch_labels: str | None = None
depends_on: str | None = None

INDEXES = {
    "ix_stock_item_scarce_product": (
        "stock_item",
        "product_id",
        "tracked AND on_hand - reserved <= low_threshold",
    ),
    "ix_stock_item_sold_out_product": ("stock_item", "product_id", "tracked AND on_hand - reserved <= 0"),
    "ix_product_not_shown": ("product", "id", "status <> 'active' OR unlisted"),
}


def upgrade() -> None:
    """Add the indexes."""
    for name, (table, column, condition) in INDEXES.items():
        where = sa.text(condition)
        op.create_index(name, table, [column], sqlite_where=where, postgresql_where=where)


def downgrade() -> None:
    """Remove the indexes."""
    for name, (table, _, _) in INDEXES.items():
        op.drop_index(name, table)
