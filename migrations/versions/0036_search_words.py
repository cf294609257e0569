"""Search: a second table of documents to rebuild the index, its state, and the words that are one edit apart.

Revision ID: 0036
Revises: 0035
"""

import secrets

import sqlalchemy as sa
from alembic import op

revision = "0036"
down_revision = "0035"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "search_index",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("table_number", sa.Integer(), nullable=False),
        sa.Column("version", sa.String(length=40), nullable=False),
        sa.Column("next_table", sa.Integer(), nullable=True),
        sa.Column("next_version", sa.String(length=40), nullable=False, server_default=""),
        sa.Column("words_id", sa.String(length=16), nullable=False, server_default=""),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_search_index")),
    )
    op.create_table(
        "search_rebuild",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("last_product_id", sa.Integer(), nullable=False, server_default="0"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_search_rebuild")),
    )
    op.create_table(
        "search_word",
        sa.Column("key", sa.String(length=24), nullable=False),
        sa.Column("word", sa.String(length=24), nullable=False),
        sa.PrimaryKeyConstraint("key", "word", name=op.f("pk_search_word")),
        sqlite_with_rowid=False,
    )
    indexed = op.get_bind().execute(sa.text("SELECT 1 FROM product_search LIMIT 1")).first()
    if indexed:
        # The documents of before answer until `flask setup` has built new ones.
        statement = "INSERT INTO search_index (id, table_number, version, words_id) VALUES (1, 1, '1', :words_id)"
        op.get_bind().execute(sa.text(statement), {"words_id": secrets.token_hex(8)})
    if op.get_bind().dialect.name == "sqlite":
        if not indexed:
            op.execute("DROP TABLE product_search")
            _create_fts("product_search")
        _create_fts("product_search_2")
    else:
        op.execute(
            "CREATE TABLE product_search_2 (product_id INTEGER NOT NULL CONSTRAINT pk_product_search_2 PRIMARY KEY, "
            "document TSVECTOR NOT NULL)"
        )
        op.execute("CREATE INDEX ix_product_search_2_document ON product_search_2 USING gin (document)")


def _create_fts(table: str) -> None:
    # "ascii" takes every letter beyond ASCII as a part of a word: the shop has folded them.
    op.execute(
        f"CREATE VIRTUAL TABLE {table} USING fts5(title, body, tokenize='ascii', prefix='2 3', detail='column')"
    )


def downgrade() -> None:
    op.execute("DROP TABLE product_search_2")
    op.drop_table("search_word")
    op.drop_table("search_rebuild")
    op.drop_table("search_index")
