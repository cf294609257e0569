"""Pictures that descriptions name, by their source.

Revision ID: 0031
Revises: 0030
"""

import sqlalchemy as sa
from alembic import op

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "description_picture",
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("width", sa.Integer(), nullable=False),
        sa.Column("height", sa.Integer(), nullable=False),
        sa.Column("changed_by", sa.String(length=255), nullable=False, server_default=""),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_description_picture")),
    )


def downgrade() -> None:
    op.drop_table("description_picture")
