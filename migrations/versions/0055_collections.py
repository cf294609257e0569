"""Collections: lists of products that a rule fills.

Revision ID: 0055
Revises: 0054
"""

import sqlalchemy as sa
from alembic import op

revision: str = "0055"
down_revision: str | None = "0054"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    """Add the tables, empty."""
    op.create_table(
        "collection",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("slug", sa.String(length=255), nullable=False),
        sa.Column("title", sa.String(length=255), nullable=False),
        sa.Column("description_html", sa.Text(), nullable=False),
        sa.Column("seo_title", sa.String(length=500), nullable=False),
        sa.Column("seo_description", sa.Text(), nullable=False),
        sa.Column("rule", sa.JSON(), nullable=False),
        sa.Column("product_count", sa.Integer(), nullable=False),
        sa.Column("build_before", sa.BigInteger(), nullable=True),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("changed_by", sa.String(length=255), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_collection")),
        sa.UniqueConstraint("slug", name=op.f("uq_collection_slug")),
    )
    op.create_table(
        "collection_listing",
        sa.Column("collection_id", sa.Integer(), nullable=False),
        sa.Column("product_id", sa.Integer(), nullable=False),
        sa.Column("price", sa.BigInteger(), nullable=False),
        sa.Column("name_key", sa.String(length=40), nullable=False),
        sa.Column("vendor", sa.String(length=255), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("collection_id", "product_id", name=op.f("pk_collection_listing")),
        sa.ForeignKeyConstraint(
            ["collection_id"],
            ["collection.id"],
            name=op.f("fk_collection_listing_collection_id_collection"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["product_id"],
            ["product.id"],
            name=op.f("fk_collection_listing_product_id_product"),
            ondelete="CASCADE",
        ),
        sqlite_with_rowid=False,
    )
    for name, columns in (
        ("price", ["collection_id", "price", "product_id"]),
        ("name", ["collection_id", "name_key", "product_id"]),
        ("until", ["collection_id", "until"]),
        ("product_id", ["product_id"]),
    ):
        op.create_index(f"ix_collection_listing_{name}", "collection_listing", columns)


def downgrade() -> None:
    """Remove the tables with all collections."""
    op.drop_table("collection_listing")
    op.drop_table("collection")
