"""Let staff find orders by each word of the names on them.

Revision ID: 0039
Revises: 0038
"""

import re
import unicodedata

import sqlalchemy as sa
from alembic import op

revision: str = "0039"
down_revision: str | None = "0038"
branch_labels: str | None = None
depends_on: str | None = None

BATCH = 1000
_LETTERS = str.maketrans({"ł": "l", "ø": "o", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "ı": "i"})


def upgrade() -> None:
    """Add the table, and fill in the names of the orders that exist."""
    word = sa.String(100).with_variant(sa.String(100, collation="C"), "postgresql")
    words = op.create_table(
        "order_name_word",
        sa.Column("word", word, nullable=False),
        sa.Column("order_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["order_id"], ["customer_order.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("word", "order_id"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_order_name_word_order_id", "order_name_word", ["order_id"])
    orders = sa.table(
        "customer_order",
        sa.column("id", sa.Integer),
        sa.column("ship_to", sa.JSON),
        sa.column("bill_to", sa.JSON),
    )
    connection, last = op.get_bind(), 0
    query = sa.select(orders.c.id, orders.c.ship_to, orders.c.bill_to).order_by(orders.c.id).limit(BATCH)
    while rows := connection.execute(query.where(orders.c.id > last)).all():
        last = rows[-1].id
        values = [
            {"word": word, "order_id": row.id}
            for row in rows
            for word in _words(row.ship_to or {}, row.bill_to or {})
        ]
        if values:
            connection.execute(words.insert(), values)


def downgrade() -> None:
    """Remove the table."""
    op.drop_table("order_name_word")


def _words(*addresses: dict[str, str]) -> list[str]:
    """Return the words of the names of addresses, without accents and case."""
    found: dict[str, None] = {}
    for address in addresses:
        folded = unicodedata.normalize("NFKD", str(address.get("name", ""))).casefold().translate(_LETTERS)
        for token in "".join(sign for sign in folded if not unicodedata.combining(sign)).split():
            parts = re.findall(r"\w+", token)
            found |= dict.fromkeys((*parts, "".join(parts)))
    return [word[:100] for word in found if word]
