"""Who keeps goods unpaid: the client of a hold and of an order by invoice, and how long a client has held goods.

Revision ID: 0013
Revises: 0012
"""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("hold", sa.Column("client", sa.String(length=32), nullable=True))
    op.add_column("customer_order", sa.Column("checkout_id", sa.Integer(), nullable=True))
    op.add_column("customer_order", sa.Column("client", sa.String(length=32), nullable=True))
    op.create_index("ix_customer_order_client", "customer_order", ["client"])
    op.create_table(
        "hold_time",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("checkout_id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=True),
        sa.Column("client", sa.String(length=32), nullable=True),
        sa.Column("seconds", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_hold_time")),
    )
    for column in ("checkout_id", "user_id", "client", "at"):
        op.create_index(f"ix_hold_time_{column}", "hold_time", [column])


def downgrade() -> None:
    op.drop_table("hold_time")
    op.drop_index("ix_customer_order_client", "customer_order")
    with op.batch_alter_table("customer_order") as customer_order:
        customer_order.drop_column("client")
        customer_order.drop_column("checkout_id")
    with op.batch_alter_table("hold") as hold:
        hold.drop_column("client")
