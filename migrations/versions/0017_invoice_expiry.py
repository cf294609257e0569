"""When an unpaid order by invoice is cancelled, and when its customer was reminded. Old orders get their time later.

Revision ID: 0017
Revises: 0016
"""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for column in ("pay_by", "reminded_at"):
        op.add_column("customer_order", sa.Column(column, sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("customer_order") as customer_order:
        for column in ("reminded_at", "pay_by"):
            customer_order.drop_column(column)
