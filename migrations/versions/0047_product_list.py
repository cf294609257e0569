"""Indexes for the list of all products in the back office: its filters and its orders.

Revision ID: 0047
Revises: 0046
"""

import sqlalchemy as sa
from alembic import op

revision: str = "0047"
down_revision: str | None = "0046"
branch_labels: str | None = None
depends_on: str | None = None

INDEXES = {
    "ix_product_status": ["status", "id"],
    "ix_product_type": ["product_type", "id"],
    "ix_product_updated_at": ["updated_at", "id"],
    "ix_product_title_lower": [sa.text("lower(title)"), "id"],
    "ix_product_price": ["price", "id"],
}
PARTIAL = {"ix_product_no_picture": "cover_id IS NULL", "ix_product_no_text": "description_html = ''"}


def upgrade() -> None:
    """Add the indexes."""
    for name, columns in INDEXES.items():
        op.create_index(name, "product", columns)
    for name, condition in PARTIAL.items():
        where = sa.text(condition)
        op.create_index(name, "product", ["id"], sqlite_where=where, postgresql_where=where)


def downgrade() -> None:
    """Remove the indexes."""
    for name in (*PARTIAL, *INDEXES):
        op.drop_index(name, "product")
