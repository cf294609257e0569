"""A shop in several languages: the language of orders, and the merchant's texts in further ones.

Revision ID: 0065
Revises: 0064
"""

import sqlalchemy as sa
from alembic import op

revision: str = "0065"
down_revision: str | None = "0064"
branch_labels: str | None = None
depends_on: str | None = None

OWNERS = {
    "product": "product",
    "category": "category",
    "collection": "collection",
    "page": "content_page",
    "menu_item": "menu_item",
}


def upgrade() -> None:
    """Add the locale, empty for the shop's own language, and the table of translations."""
    op.add_column("customer_order", sa.Column("locale", sa.String(32), nullable=False, server_default=""))
    op.create_table(
        "text_translation",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("owner_id", sa.Integer(), nullable=False),
        sa.Column("field", sa.String(255), nullable=False),
        sa.Column("locale", sa.String(32), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("source_digest", sa.String(32), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        *(sa.Column(f"{name}_id", sa.Integer()) for name in OWNERS),
        sa.Column("changed_by", sa.String(255), nullable=False, server_default=""),
        *(
            sa.ForeignKeyConstraint([f"{name}_id"], [f"{table}.id"], ondelete="CASCADE")
            for name, table in OWNERS.items()
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("kind", "owner_id", "locale", "field"),
    )
    for name in OWNERS:
        op.create_index(f"ix_text_translation_{name}_id", "text_translation", [f"{name}_id"])


def downgrade() -> None:
    """Drop the table and the locale."""
    op.drop_table("text_translation")
    op.drop_column("customer_order", "locale")
