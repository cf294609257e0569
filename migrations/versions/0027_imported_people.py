"""Orders and customers that come from another shop: the order's old number; consent, import and invitation.

Revision ID: 0027
Revises: 0026
"""

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None

TIMES = ("imported_at", "invited_at", "marketing_consent_at")


def upgrade() -> None:
    op.add_column("customer_order", sa.Column("imported_number", sa.String(length=64)))
    op.create_index("ix_customer_order_imported_number", "customer_order", ["imported_number"], unique=True)
    op.create_index("ix_customer_order_state_placed_at", "customer_order", ["state", "placed_at"])
    for name in TIMES:
        op.add_column("user_account", sa.Column(name, sa.DateTime(timezone=True)))
    source = sa.Column("marketing_consent_source", sa.String(length=255), nullable=False, server_default="")
    op.add_column("user_account", source)


def downgrade() -> None:
    op.drop_column("user_account", "marketing_consent_source")
    for name in TIMES:
        op.drop_column("user_account", name)
    op.drop_index("ix_customer_order_state_placed_at", table_name="customer_order")
    op.drop_index("ix_customer_order_imported_number", table_name="customer_order")
    op.drop_column("customer_order", "imported_number")
