"""The ledger of stock; what is on hand now is where it begins."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

KINDS = "kind IN ('received', 'sold', 'released', 'held', 'returned', 'adjusted')"


def upgrade() -> None:
    op.create_table(
        "stock_movement",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("sku", sa.String(length=255), nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.Column("reserved", sa.Integer(), nullable=False),
        sa.Column("reason", sa.String(length=255), nullable=False),
        sa.Column("actor", sa.String(length=255), nullable=False),
        sa.Column("reference", sa.String(length=64), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(KINDS, name=op.f("ck_stock_movement_kind")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stock_movement")),
    )
    op.create_index("ix_stock_movement_sku", "stock_movement", ["sku"])
    op.add_column("stock_item", sa.Column("opening", sa.Integer(), nullable=False, server_default="0"))
    op.execute("UPDATE stock_item SET opening = on_hand")
    with op.batch_alter_table("stock_item") as batch:
        batch.alter_column("opening", server_default=None)


def downgrade() -> None:
    with op.batch_alter_table("stock_item") as batch:
        batch.drop_column("opening")
    op.drop_table("stock_movement")
