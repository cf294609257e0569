"""Indexes for the first page of the back office: scarce stock, and refunds that are due.

Revision ID: 0042
Revises: 0041
"""

import sqlalchemy as sa
from alembic import op

revision: str = "0042"
down_revision: str | None = "0041"
branch_labels: str | None = None
depends_on: str | None = None

SCARCE = sa.text("tracked AND on_hand - reserved <= low_threshold")
REFUND_DUE = sa.text("state = 'cancelled' AND paid > refunded")


def upgrade() -> None:
    """Add the indexes."""
    op.create_index(
        "ix_stock_item_scarce",
        "stock_item",
        [sa.text("(on_hand - reserved)"), "id"],
        sqlite_where=SCARCE,
        postgresql_where=SCARCE,
    )
    op.create_index(
        "ix_customer_order_refund_due",
        "customer_order",
        ["id"],
        sqlite_where=REFUND_DUE,
        postgresql_where=REFUND_DUE,
    )


def downgrade() -> None:
    """Remove the indexes."""
    op.drop_index("ix_customer_order_refund_due", "customer_order")
    op.drop_index("ix_stock_item_scarce", "stock_item")
