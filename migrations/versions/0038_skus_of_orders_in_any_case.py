"""Let staff find orders by SKU and label whatever their case.

Revision ID: 0038
Revises: 0037
"""

import sqlalchemy as sa
from alembic import op

revision: str = "0038"
down_revision: str | None = "0037"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    """Index codes and labels in small letters; nothing else used the index of labels as they are written."""
    op.create_index("ix_order_line_sku_lower", "order_line", [sa.text("lower(sku)")])
    op.create_index("ix_order_line_label_lower", "order_line", [sa.text("lower(label)")])
    op.drop_index("ix_order_line_label", "order_line")


def downgrade() -> None:
    """Index labels as they are written."""
    op.create_index("ix_order_line_label", "order_line", ["label"])
    op.drop_index("ix_order_line_label_lower", "order_line")
    op.drop_index("ix_order_line_sku_lower", "order_line")
