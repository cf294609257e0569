"""What staff corrected of an order: the old and the new value of each field.

Revision ID: 0071
Revises: 0070
"""

import sqlalchemy as sa
from alembic import op

revision: str = "0071"
down_revision: str | None = "0070"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    """Add the column."""
    op.add_column("order_event", sa.Column("fields", sa.JSON()))


def downgrade() -> None:
    """Drop the column."""
    op.drop_column("order_event", "fields")
