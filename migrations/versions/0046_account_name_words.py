"""Let staff find customers by the words of their names, and by the beginning of their e-mail.

Revision ID: 0046
Revises: 0045
"""

import re
import unicodedata

import sqlalchemy as sa
from alembic import op

revision: str = "0046"
down_revision: str | None = "0045"
branch_labels: str | None = None
depends_on: str | None = None

BATCH = 1000
_LETTERS = str.maketrans({"ł": "l", "ø": "o", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "ı": "i"})


def upgrade() -> None:
    """Add the table and the index, and fill in the names of the accounts that exist."""
    word = sa.String(100).with_variant(sa.String(100, collation="C"), "postgresql")
    words = op.create_table(
        "account_name_word",
        sa.Column("word", word, nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"],
            ["user_account.id"],
            name=op.f("fk_account_name_word_user_id_user_account"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("word", "user_id", name=op.f("pk_account_name_word")),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_account_name_word_user_id", "account_name_word", ["user_id"])
    op.create_index(
        "ix_user_account_email", "user_account", ["email"], postgresql_ops={"email": "varchar_pattern_ops"}
    )
    accounts = sa.table("user_account", sa.column("id", sa.Integer), sa.column("name", sa.String))
    connection, last = op.get_bind(), 0
    query = sa.select(accounts.c.id, accounts.c.name).order_by(accounts.c.id).limit(BATCH)
    while rows := connection.execute(query.where(accounts.c.id > last)).all():
        last = rows[-1].id
        values = [{"word": word, "user_id": row.id} for row in rows for word in _words(row.name)]
        if values:
            connection.execute(words.insert(), values)


def downgrade() -> None:
    """Remove both."""
    op.drop_index("ix_user_account_email", "user_account")
    op.drop_table("account_name_word")


def _words(name: str) -> list[str]:
    """Return the words of a name, without accents and case."""
    found: dict[str, None] = {}
    folded = unicodedata.normalize("NFKD", name).casefold().translate(_LETTERS)
    for token in "".join(sign for sign in folded if not unicodedata.combining(sign)).split():
        parts = re.findall(r"\w+", token)
        found |= dict.fromkeys((*parts, "".join(parts)))
    return list(dict.fromkeys(word[:100] for word in found if word))
