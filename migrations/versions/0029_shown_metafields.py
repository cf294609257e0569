"""The metafields that the pages of products show.

Revision ID: 0029
Revises: 0028
"""

import sqlalchemy as sa
from alembic import op

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "shown_metafield",
        sa.Column("key", sa.String(length=320), nullable=False),
        sa.Column("changed_by", sa.String(length=255), nullable=False, server_default=""),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_shown_metafield")),
    )


def downgrade() -> None:
    op.drop_table("shown_metafield")
