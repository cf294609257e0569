"""Give orders a tracking number, and what staff find them by.

Revision ID: 0035
Revises: 0034
"""

import unicodedata

import sqlalchemy as sa
from alembic import op

revision: str = "0035"
down_revision: str | None = "0034"
branch_labels: str | None = None
depends_on: str | None = None

BATCH = 1000
_LETTERS = str.maketrans({"ł": "l", "ø": "o", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "ı": "i"})


def upgrade() -> None:
    """Add the columns and indexes, and fill in the names of the orders that exist."""
    key = sa.String(100).with_variant(sa.String(100, collation="C"), "postgresql")
    op.add_column("customer_order", sa.Column("tracking", sa.String(200), nullable=False, server_default=""))
    op.add_column("customer_order", sa.Column("name_key", key, nullable=False, server_default=""))
    op.add_column("customer_order", sa.Column("surname_key", key, nullable=False, server_default=""))
    _fill_in()
    op.create_index("ix_customer_order_name_key", "customer_order", ["name_key"])
    op.create_index("ix_customer_order_surname_key", "customer_order", ["surname_key"])
    op.create_index("ix_customer_order_email", "customer_order", ["email"])
    op.create_index("ix_order_line_label", "order_line", ["label"])


def downgrade() -> None:
    """Remove them."""
    op.drop_index("ix_order_line_label", "order_line")
    for name in ("email", "surname_key", "name_key"):
        op.drop_index(f"ix_customer_order_{name}", "customer_order")
    for name in ("surname_key", "name_key", "tracking"):
        op.drop_column("customer_order", name)


def _fill_in() -> None:
    orders = sa.table(
        "customer_order",
        sa.column("id", sa.Integer),
        sa.column("ship_to", sa.JSON),
        sa.column("name_key", sa.String),
        sa.column("surname_key", sa.String),
    )
    connection, last = op.get_bind(), 0
    update = orders.update().where(orders.c.id == sa.bindparam("row"))
    while rows := connection.execute(
        sa.select(orders.c.id, orders.c.ship_to).where(orders.c.id > last).order_by(orders.c.id).limit(BATCH)
    ).all():
        last = rows[-1].id
        values = [{"row": row.id, **_keys(str((row.ship_to or {}).get("name", "")))} for row in rows]
        connection.execute(update, values)


def _keys(name: str) -> dict[str, str]:
    """Return a name as staff look for it: without accents and case, and with the surname first."""
    folded = unicodedata.normalize("NFKD", name).casefold().translate(_LETTERS)
    words = "".join(sign for sign in folded if not unicodedata.combining(sign)).split()
    return {"name_key": " ".join(words)[:100], "surname_key": " ".join([*words[-1:], *words[:-1]])[:100]}
