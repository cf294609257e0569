"""Goods of an order by invoice that leave the stock when it is paid. Orders from before have taken theirs.

Revision ID: 0021
Revises: 0020
"""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("order_line", sa.Column("unreserved", sa.Integer(), nullable=False, server_default="0"))


def downgrade() -> None:
    op.drop_column("order_line", "unreserved")
