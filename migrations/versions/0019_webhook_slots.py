"""One sender at a time for each webhook, and its due messages by an index.

Revision ID: 0019
Revises: 0018
"""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("webhook", sa.Column("slot_until", sa.DateTime(timezone=True), nullable=True))
    op.create_index("ix_webhook_delivery_webhook_id_due_at", "webhook_delivery", ["webhook_id", "due_at"])


def downgrade() -> None:
    op.drop_index("ix_webhook_delivery_webhook_id_due_at", "webhook_delivery")
    with op.batch_alter_table("webhook") as webhook:
        webhook.drop_column("slot_until")
