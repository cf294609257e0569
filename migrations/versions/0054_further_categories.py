"""Products in more than one category: the further ones on the product's row, and by category.

Revision ID: 0054
Revises: 0053
"""

import sqlalchemy as sa
from alembic import op

revision: str = "0054"
down_revision: str | None = "0053"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    """Add the column, empty, and the table."""
    op.add_column(
        "product", sa.Column("further_category_ids", sa.JSON(), server_default="[]", nullable=False)
    )
    op.create_table(
        "further_category",
        sa.Column("category_id", sa.Integer(), nullable=False),
        sa.Column("product_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["category_id"],
            ["category.id"],
            name=op.f("fk_further_category_category_id_category"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["product_id"],
            ["product.id"],
            name=op.f("fk_further_category_product_id_product"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("category_id", "product_id", name=op.f("pk_further_category")),
    )
    op.create_index("ix_further_category_product_id", "further_category", ["product_id"])


def downgrade() -> None:
    """Remove both."""
    op.drop_table("further_category")
    op.drop_column("product", "further_category_ids")
