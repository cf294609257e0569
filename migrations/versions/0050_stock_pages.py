"""Indexes for the stock pages of the back office: barcodes, stock that is not counted, pages of the ledger.

Revision ID: 0050
Revises: 0049
"""

import sqlalchemy as sa
from alembic import op

revision: str = "0050"
down_revision: str | None = "0049"
branch_labels: str | None = None
depends_on: str | None = None

UNCOUNTED = sa.text("NOT tracked")


def upgrade() -> None:
    """Add the indexes; the one of the ledger replaces that without the id."""
    op.create_index("ix_variant_barcode", "variant", ["barcode"])
    op.create_index(
        "ix_stock_item_uncounted",
        "stock_item",
        ["id"],
        sqlite_where=UNCOUNTED,
        postgresql_where=UNCOUNTED,
    )
    op.create_index("ix_stock_movement_sku_id", "stock_movement", ["sku", "id"])
    op.drop_index("ix_stock_movement_sku", "stock_movement")


def downgrade() -> None:
    """Restore the former indexes."""
    op.create_index("ix_stock_movement_sku", "stock_movement", ["sku"])
    op.drop_index("ix_stock_movement_sku_id", "stock_movement")
    op.drop_index("ix_stock_item_uncounted", "stock_item")
    op.drop_index("ix_variant_barcode", "variant")
