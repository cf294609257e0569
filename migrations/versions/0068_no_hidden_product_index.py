"""The index of products that the shop does not show goes: the search index has documents of them.

Revision ID: 0068
Revises: 0067
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision: str = "0068"
down_revision: str | None = "0067"
branch_labels = None
depends_on = None

_NOT_SHOWN = "status <> 'active' OR unlisted"


def upgrade() -> None:
    op.drop_index("ix_product_not_shown", table_name="product")


def downgrade() -> None:
    op.create_index(
        "ix_product_not_shown",
        "product",
        ["id"],
        sqlite_where=sa.text(_NOT_SHOWN),
        postgresql_where=sa.text(_NOT_SHOWN),
    )
