"""Counts of mails that visitors cause, and of mails about an order that were over a limit.

Revision ID: 0015
Revises: 0014
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "counted_mail",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("recipient", sa.String(length=32), nullable=False),
        sa.Column("address", sa.String(length=32), nullable=False),
        sa.Column("account", sa.String(length=32), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_counted_mail")),
    )
    op.create_index("ix_counted_mail_at", "counted_mail", ["at"])
    for column in ("recipient", "address", "account"):
        op.create_index(f"ix_counted_mail_{column}_at", "counted_mail", [column, "at"])
    op.add_column(
        "customer_order", sa.Column("withheld_mails", sa.Integer(), server_default="0", nullable=False)
    )


def downgrade() -> None:
    op.drop_column("customer_order", "withheld_mails")
    op.drop_table("counted_mail")
