"""An index on the codes of order lines: the codes of new variants must not be codes of orders.

Revision ID: 0025
Revises: 0024
"""

from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_order_line_sku", "order_line", ["sku"])


def downgrade() -> None:
    op.drop_index("ix_order_line_sku", "order_line")
