"""The role of each member of the staff.

Revision ID: 0041
Revises: 0040
"""

import sqlalchemy as sa
from alembic import op

revision: str = "0041"
down_revision: str | None = "0040"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    """Make the oldest member of the staff who can sign in the owner, and the others managers."""
    op.add_column("user_account", sa.Column("role", sa.String(length=16), nullable=False, server_default=""))
    account = sa.table(
        "user_account",
        sa.column("id", sa.Integer),
        sa.column("is_staff", sa.Boolean),
        sa.column("role", sa.String),
        sa.column("disabled_at", sa.DateTime(timezone=True)),
    )
    connection = op.get_bind()
    connection.execute(sa.update(account).where(account.c.is_staff).values(role="manager"))
    oldest = (
        sa.select(account.c.id)
        .where(account.c.is_staff)
        .order_by(account.c.disabled_at.is_not(None), account.c.id)
        .limit(1)
    )
    owner = connection.execute(oldest).scalar_one_or_none()
    if owner is not None:
        connection.execute(sa.update(account).where(account.c.id == owner).values(role="owner"))


def downgrade() -> None:
    """Remove the roles: every member of the staff may do everything again."""
    with op.batch_alter_table("user_account") as table:
        table.drop_column("role")
