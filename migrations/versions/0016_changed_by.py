"""Who added or last changed a row. Rows from before say nothing.

Revision ID: 0016
Revises: 0015
"""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

TABLES = (
    "category",
    "product",
    "variant",
    "product_image",
    "stock_item",
    "user_account",
    "address",
    "api_token",
    "webhook",
)


def upgrade() -> None:
    for table in TABLES:
        column = sa.Column("changed_by", sa.String(length=255), nullable=False, server_default="")
        op.add_column(table, column)


def downgrade() -> None:
    for table in TABLES:
        with op.batch_alter_table(table) as altered:
            altered.drop_column("changed_by")
