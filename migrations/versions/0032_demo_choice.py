"""Whether the demo catalogue belongs into the shop.

Revision ID: 0032
Revises: 0031
"""

import sqlalchemy as sa
from alembic import op

revision = "0032"
down_revision = "0031"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "demo_choice",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("choice", sa.String(length=8), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_by", sa.String(length=255), nullable=False, server_default=""),
        sa.CheckConstraint("id = 1", name=op.f("ck_demo_choice_one_row")),
        sa.CheckConstraint(
            "choice IN ('loaded', 'declined', 'removed', 'existing')", name=op.f("ck_demo_choice_choice")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_demo_choice")),
    )
    # A shop that somebody has used already has decided: it has the demo, or its owner did not want it.
    op.execute(
        "INSERT INTO demo_choice (id, choice, made_at, changed_by) "
        "SELECT 1, 'existing', CURRENT_TIMESTAMP, '' WHERE EXISTS (SELECT 1 FROM product) "
        "OR EXISTS (SELECT 1 FROM user_account) OR EXISTS (SELECT 1 FROM customer_order)"
    )


def downgrade() -> None:
    op.drop_table("demo_choice")
