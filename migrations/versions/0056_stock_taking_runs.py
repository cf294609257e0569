"""Stock-takings that serving processes apply or undo in the background.

Revision ID: 0056
Revises: 0055
"""

import sqlalchemy as sa
from alembic import op

revision: str = "0056"
down_revision: str | None = "0055"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    """Add the time and the attempts of a run; those that were interrupted are due at once."""
    op.add_column("stock_taking", sa.Column("run_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column(
        "stock_taking", sa.Column("run_attempts", sa.Integer(), server_default="0", nullable=False)
    )
    op.create_index("ix_stock_taking_run_at", "stock_taking", ["run_at"])
    op.execute(
        "UPDATE stock_taking SET run_at = ended_at WHERE state IN ('applying', 'undoing')"
    )


def downgrade() -> None:
    """Remove them: an interrupted one goes on when somebody presses the button again."""
    op.drop_index("ix_stock_taking_run_at", "stock_taking")
    op.drop_column("stock_taking", "run_attempts")
    op.drop_column("stock_taking", "run_at")
