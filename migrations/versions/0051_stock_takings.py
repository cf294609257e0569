"""Stock-takings: sessions in which people count goods.

Revision ID: 0051
Revises: 0050
"""

import sqlalchemy as sa
from alembic import op

revision: str = "0051"
down_revision: str | None = "0050"
branch_labels: str | None = None
depends_on: str | None = None

STATE = "state IN ('open', 'applying', 'applied', 'undoing', 'undone', 'discarded')"


def upgrade() -> None:
    """Add the tables, empty."""
    op.create_table(
        "stock_taking",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("state", sa.String(length=9), nullable=False),
        sa.Column("started_by", sa.String(length=255), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_by", sa.String(length=255), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("changed_by", sa.String(length=255), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stock_taking")),
        sa.CheckConstraint(STATE, name=op.f("ck_stock_taking_state")),
    )
    op.create_table(
        "stock_taking_line",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("taking_id", sa.Integer(), nullable=False),
        sa.Column("sku", sa.String(length=255), nullable=False),
        sa.Column("expected", sa.Integer(), nullable=False),
        sa.Column("counted", sa.Integer(), nullable=False),
        sa.Column("adjustment", sa.Integer(), nullable=True),
        sa.Column("restored", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stock_taking_line")),
        sa.CheckConstraint("counted >= 0", name=op.f("ck_stock_taking_line_counted_not_negative")),
        sa.UniqueConstraint("taking_id", "sku", name=op.f("uq_stock_taking_line_taking_id_sku")),
        sa.ForeignKeyConstraint(
            ["taking_id"],
            ["stock_taking.id"],
            name=op.f("fk_stock_taking_line_taking_id_stock_taking"),
            ondelete="CASCADE",
        ),
    )
    op.create_index("ix_stock_taking_line_taking_id_id", "stock_taking_line", ["taking_id", "id"])
    op.create_table(
        "stock_count",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("taking_id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("sku", sa.String(length=255), nullable=False),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.Column("actor", sa.String(length=255), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stock_count")),
        sa.UniqueConstraint("taking_id", "key", name=op.f("uq_stock_count_taking_id_key")),
        sa.ForeignKeyConstraint(
            ["taking_id"],
            ["stock_taking.id"],
            name=op.f("fk_stock_count_taking_id_stock_taking"),
            ondelete="CASCADE",
        ),
    )
    op.create_index("ix_stock_count_taking_id_sku", "stock_count", ["taking_id", "sku"])


def downgrade() -> None:
    """Remove the tables; the ledger keeps what stock-takings have changed."""
    for name in ("stock_count", "stock_taking_line", "stock_taking"):
        op.drop_table(name)
