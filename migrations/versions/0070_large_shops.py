"""Indexes that large shops need, above all on PostgreSQL.

The search's documents by age, whether the shop shows the product (a positive key) or not: the office looks for both at
once. Products by title with the title itself, without which PostgreSQL reads each row. Rows of collections with the
time at which they end, so that pages far from both ends read the index alone.

Revision ID: 0070
Revises: 0069
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision: str = "0070"
down_revision: str | None = "0069"
branch_labels = None
depends_on = None

_DOCUMENTS = ("product_search", "product_search_2")
_ORDERS = {"ix_collection_listing_price": "price", "ix_collection_listing_name": "name_key"}


def upgrade() -> None:
    _index_orders("until")
    if op.get_bind().dialect.name == "postgresql":
        for table in _DOCUMENTS:
            op.execute(f"CREATE INDEX ix_{table}_age ON {table} (abs(product_id))")
        _index_titles(postgresql_include=["title"])


def downgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        for table in _DOCUMENTS:
            op.execute(f"DROP INDEX ix_{table}_age")
        _index_titles()
    _index_orders()


def _index_titles(**options: Any) -> None:
    op.drop_index("ix_product_title_lower", table_name="product")
    op.create_index("ix_product_title_lower", "product", [sa.text("lower(title)"), "id"], **options)


def _index_orders(*last: str) -> None:
    for name, column in _ORDERS.items():
        op.drop_index(name, table_name="collection_listing")
        op.create_index(name, "collection_listing", ["collection_id", column, "product_id", *last])
