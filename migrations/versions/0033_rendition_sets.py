"""Which renditions each stored picture has; an index of pictures by digest.

Revision ID: 0033
Revises: 0032
"""

import sqlalchemy as sa
from alembic import op

revision = "0033"
down_revision = "0032"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "rendition_set",
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("webp", sa.String(length=100), nullable=False),
        sa.Column("avif", sa.String(length=100), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_rendition_set")),
    )
    op.create_index(op.f("ix_rendition_set_due_at"), "rendition_set", ["due_at"])
    op.create_index(op.f("ix_product_image_digest"), "product_image", ["digest"])


def downgrade() -> None:
    op.drop_index(op.f("ix_product_image_digest"), table_name="product_image")
    op.drop_table("rendition_set")
