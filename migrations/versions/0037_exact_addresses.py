"""Keep the addresses of accounts and orders as they were typed and confirmed.

Revision ID: 0037
Revises: 0036
"""

import sqlalchemy as sa
from alembic import op

revision: str = "0037"
down_revision: str | None = "0036"
branch_labels: str | None = None
depends_on: str | None = None

COLUMNS = {"user_account": "confirmed_email", "customer_order": "exact_email", "checkout": "exact_email"}


def upgrade() -> None:
    """Add the columns. They are empty in rows that exist: nobody knows how those addresses were typed."""
    for table, column in COLUMNS.items():
        op.add_column(table, sa.Column(column, sa.String(254), nullable=False, server_default=""))


def downgrade() -> None:
    """Remove them."""
    for table, column in COLUMNS.items():
        op.drop_column(table, column)
