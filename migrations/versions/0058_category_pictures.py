"""Pictures of categories.

Revision ID: 0058
Revises: 0057
"""

import sqlalchemy as sa
from alembic import op

revision: str = "0058"
down_revision: str | None = "0057"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    """Add the columns, empty."""
    op.add_column("category", sa.Column("picture_digest", sa.String(64), nullable=True))
    op.add_column("category", sa.Column("picture_width", sa.Integer(), server_default="0", nullable=False))
    op.add_column("category", sa.Column("picture_height", sa.Integer(), server_default="0", nullable=False))
    op.add_column("category", sa.Column("picture_alt", sa.Text(), server_default="", nullable=False))
    op.create_index("ix_category_picture_digest", "category", ["picture_digest"])


def downgrade() -> None:
    """Remove them."""
    op.drop_index("ix_category_picture_digest", "category")
    for name in ("picture_alt", "picture_height", "picture_width", "picture_digest"):
        op.drop_column("category", name)
