"""An index of barcodes without spaces and hyphens, as scanners send them, in place of that of barcodes as typed.

Revision ID: 0073
Revises: 0072
"""

import sqlalchemy as sa
from alembic import op

revision: str = "0073"
down_revision: str | None = "0072"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    """Exchange the index."""
    plain = sa.text("replace(replace(barcode, ' ', ''), '-', '')")
    op.create_index("ix_variant_plain_barcode", "variant", [plain])
    op.drop_index("ix_variant_barcode", "variant")


def downgrade() -> None:
    """Restore the former index."""
    op.create_index("ix_variant_barcode", "variant", ["barcode"])
    op.drop_index("ix_variant_plain_barcode", "variant")
