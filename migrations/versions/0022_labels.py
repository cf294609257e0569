"""A variant's label (the SKU as the merchant typed it); delivery and tax of variants; unlisted products; gift cards.

The code of each variant stays as it is. Its label is the SKU that it had.

Revision ID: 0022
Revises: 0021
"""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("variant", sa.Column("label", sa.String(length=255), nullable=False, server_default=""))
    for name in ("requires_shipping", "taxable"):
        op.add_column("variant", sa.Column(name, sa.Boolean(), nullable=False, server_default=sa.true()))
    for name in ("unlisted", "gift_card"):
        op.add_column("product", sa.Column(name, sa.Boolean(), nullable=False, server_default=sa.false()))
    op.execute("UPDATE variant SET label = sku")
    op.create_index("ix_variant_label", "variant", ["label"])


def downgrade() -> None:
    op.drop_index("ix_variant_label", table_name="variant")
    for name in ("unlisted", "gift_card"):
        op.drop_column("product", name)
    for name in ("label", "requires_shipping", "taxable"):
        op.drop_column("variant", name)
