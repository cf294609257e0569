"""When a payment is to go back: money of orders that were called off is given back until it has gone.

Revision ID: 0008
Revises: 0007
"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("payment", sa.Column("refund_due_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("payment", sa.Column("refund_attempts", sa.Integer(), nullable=False, server_default="0"))
    op.create_index("ix_payment_refund_due_at", "payment", ["refund_due_at"])


def downgrade() -> None:
    op.drop_index("ix_payment_refund_due_at", "payment")
    with op.batch_alter_table("payment") as payment:
        payment.drop_column("refund_attempts")
        payment.drop_column("refund_due_at")
