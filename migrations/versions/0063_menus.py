"""Menus of the header and the footer, with their versions, and when a page of the merchant is withdrawn by itself.

Revision ID: 0063
Revises: 0062
"""

import sqlalchemy as sa
from alembic import op

revision: str = "0063"
down_revision: str | None = "0062"
branch_labels: str | None = None
depends_on: str | None = None

TARGETS = {"page_id": "content_page", "category_id": "category", "collection_id": "collection"}


def upgrade() -> None:
    """Create the tables, empty: the shop goes on with the menus that it makes itself. No page has a moment yet."""
    op.add_column("content_page", sa.Column("withdraw_at", sa.DateTime(timezone=True)))
    op.create_table(
        "menu",
        sa.Column("name", sa.String(16), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("outline", sa.Text(), nullable=False),
        sa.Column("changed_by", sa.String(255), nullable=False, server_default=""),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_menu")),
    )
    op.create_table(
        "menu_item",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("menu", sa.String(16), nullable=False),
        sa.Column("parent_id", sa.Integer()),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("label", sa.String(200), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        *(sa.Column(name, sa.Integer()) for name in TARGETS),
        sa.Column("address", sa.String(2000), nullable=False),
        sa.Column("target_name", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["menu"], ["menu.name"], name=op.f("fk_menu_item_menu_menu"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["parent_id"], ["menu_item.id"], name=op.f("fk_menu_item_parent_id_menu_item"), ondelete="CASCADE"
        ),
        *(
            sa.ForeignKeyConstraint(
                [name], [f"{table}.id"], name=op.f(f"fk_menu_item_{name}_{table}"), ondelete="SET NULL"
            )
            for name, table in TARGETS.items()
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_menu_item")),
    )
    for name in ("menu", "parent_id", *TARGETS):
        op.create_index(op.f(f"ix_menu_item_{name}"), "menu_item", [name])
    op.create_table(
        "menu_version",
        sa.Column("menu", sa.String(16), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("items", sa.JSON(), nullable=False),
        sa.Column("outline", sa.Text(), nullable=False),
        sa.Column("actor", sa.String(255), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["menu"], ["menu.name"], name=op.f("fk_menu_version_menu_menu"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("menu", "number", name=op.f("pk_menu_version")),
    )


def downgrade() -> None:
    """Drop the tables and the moment."""
    op.drop_table("menu_version")
    op.drop_table("menu_item")
    op.drop_table("menu")
    op.drop_column("content_page", "withdraw_at")
