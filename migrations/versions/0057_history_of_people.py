"""Indexes by which the history finds the staff, the work of one person, and the newest steps of orders.

Revision ID: 0057
Revises: 0056
"""

import sqlalchemy as sa
from alembic import op

revision: str = "0057"
down_revision: str | None = "0056"
branch_labels: str | None = None
depends_on: str | None = None

INDEXES = {
    "ix_recorded_change_actor": ("recorded_change", ["actor", "id"]),
    "ix_order_event_at": ("order_event", ["at"]),
    "ix_order_event_actor_kind": ("order_event", [sa.text("substr(actor, 1, 4)"), "at"]),
    "ix_order_event_actor": ("order_event", ["actor", "at"]),
    "ix_security_event_actor": ("security_event", ["actor", "id"]),
    "ix_user_account_is_staff": ("user_account", ["is_staff"]),
}


def upgrade() -> None:
    """Add them."""
    for name, (table, columns) in INDEXES.items():
        op.create_index(name, table, columns)


def downgrade() -> None:
    """Remove them."""
    for name, (table, _columns) in INDEXES.items():
        op.drop_index(name, table)
