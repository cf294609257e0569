"""The language of accounts, in which their letters are.

Revision ID: 0067
Revises: 0066
"""

import sqlalchemy as sa
from alembic import op

revision: str = "0067"
down_revision: str | None = "0066"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    """Add the locale, empty for the shop's own language; customers keep the language of their last order."""
    op.add_column("user_account", sa.Column("locale", sa.String(32), nullable=False, server_default=""))
    op.execute(
        "UPDATE user_account SET locale = (SELECT customer_order.locale FROM customer_order"
        " WHERE customer_order.user_id = user_account.id ORDER BY customer_order.id DESC LIMIT 1)"
        " WHERE EXISTS (SELECT 1 FROM customer_order WHERE customer_order.user_id = user_account.id"
        " AND customer_order.locale <> '')"
    )


def downgrade() -> None:
    """Drop the locale."""
    op.drop_column("user_account", "locale")
