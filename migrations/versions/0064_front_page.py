"""The merchant's own front page, its pictures, and which products sell best.

Revision ID: 0064
Revises: 0063
"""

import sqlalchemy as sa
from alembic import op

revision: str = "0064"
down_revision: str | None = "0063"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    """Add the tables, empty: the shop shows the front page that it has by itself."""
    op.create_table(
        "front_page",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("draft", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("published", sa.Text()),
        sa.Column("published_version", sa.Integer()),
        sa.Column("changed_by", sa.String(255), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_front_page"),
    )
    op.create_table(
        "front_page_version",
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("sections", sa.Text(), nullable=False),
        sa.Column("change", sa.String(16), nullable=False),
        sa.Column("actor", sa.String(255), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_front_page_version"),
    )
    op.create_table(
        "page_picture",
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("width", sa.Integer(), nullable=False),
        sa.Column("height", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("digest", name="pk_page_picture"),
    )
    op.create_table(
        "product_sales",
        sa.Column("product_id", sa.Integer(), nullable=False),
        sa.Column("sold", sa.Integer(), nullable=False),
        sa.Column("counted_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["product_id"],
            ["product.id"],
            ondelete="CASCADE",
            name="fk_product_sales_product_id_product",
        ),
        sa.PrimaryKeyConstraint("product_id", name="pk_product_sales"),
    )
    op.create_index("ix_product_sales_sold", "product_sales", ["sold", "product_id"])


def downgrade() -> None:
    """Remove the tables, with what the merchant wrote."""
    for name in ("product_sales", "page_picture", "front_page_version", "front_page"):
        op.drop_table(name)
