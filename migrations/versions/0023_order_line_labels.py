"""The label of each line of an order: the SKU that people saw when it was placed.

Lines that are older than labels have the variant's SKU of their time.

Revision ID: 0023
Revises: 0022
"""

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("order_line", sa.Column("label", sa.String(length=255), nullable=False, server_default=""))
    op.execute("UPDATE order_line SET label = sku")


def downgrade() -> None:
    op.drop_column("order_line", "label")
