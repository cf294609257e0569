"""Sign-ins end, and accounts can be disabled. Existing sign-ins count from now; staff sign in once more.

Revision ID: 0011
Revises: 0010
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

_TIME = sa.DateTime(timezone=True)
_KEPT, _CUSTOMER = timedelta(days=400), timedelta(days=30)


def upgrade() -> None:
    op.add_column("user_account", sa.Column("disabled_at", _TIME, nullable=True))
    op.add_column("sign_in", sa.Column("ends_at", _TIME, nullable=True))
    op.add_column("sign_in", sa.Column("proven_at", _TIME, nullable=True))
    user = sa.table("user_account", sa.column("id"), sa.column("is_staff"))
    sign_in = sa.table(
        "sign_in",
        sa.column("user_id"),
        sa.column("kept", sa.Boolean()),
        sa.column("ends_at", _TIME),
        sa.column("revoked_at", _TIME),
    )
    now = datetime.now(UTC)
    for kept, lifetime in ((True, _KEPT), (False, _CUSTOMER)):
        op.execute(sign_in.update().where(sign_in.c.kept.is_(kept)).values(ends_at=now + lifetime))
    staff = sa.select(user.c.id).where(user.c.is_staff.is_(True))
    op.execute(
        sign_in.update()
        .where(sign_in.c.user_id.in_(staff), sign_in.c.revoked_at.is_(None))
        .values(revoked_at=now)
    )


def downgrade() -> None:
    with op.batch_alter_table("sign_in") as sign_in:
        sign_in.drop_column("proven_at")
        sign_in.drop_column("ends_at")
    with op.batch_alter_table("user_account") as user_account:
        user_account.drop_column("disabled_at")
