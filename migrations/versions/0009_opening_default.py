"""What is on hand when the ledger begins is 0 unless said: a release from before the ledger does not say it.

Revision ID: 0009
Revises: 0008
"""

from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("stock_item") as stock_item:
        stock_item.alter_column("opening", server_default="0")


def downgrade() -> None:
    with op.batch_alter_table("stock_item") as stock_item:
        stock_item.alter_column("opening", server_default=None)
