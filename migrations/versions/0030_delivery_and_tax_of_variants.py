"""Delivery and tax of variants, and gift cards, out of the columns that earlier imports only kept.

An earlier import kept the cells of a product's first row with the product, those of other rows with their variant.

Revision ID: 0030
Revises: 0029
"""

from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None

BATCH = 500
VARIANT_COLUMNS = {
    "variant requires shipping": "requires_shipping",
    "requires shipping": "requires_shipping",
    "variant taxable": "taxable",
    "charge tax": "taxable",
}
NO, YES = ("false", "no", "0"), ("true", "yes", "1")
product = sa.table(
    "product", sa.column("id", sa.Integer), sa.column("extra", sa.JSON), sa.column("gift_card", sa.Boolean)
)
variant = sa.table(
    "variant",
    sa.column("id", sa.Integer),
    sa.column("product_id", sa.Integer),
    sa.column("position", sa.Integer),
    sa.column("extra", sa.JSON),
    sa.column("requires_shipping", sa.Boolean),
    sa.column("taxable", sa.Boolean),
)


def upgrade() -> None:
    for product_id, extra in _rows_with_columns(product):
        values, kept = _take(extra)
        if values:
            first = sa.select(variant.c.id).where(variant.c.product_id == product_id)
            first = first.order_by(variant.c.position, variant.c.id).limit(1).scalar_subquery()
            op.execute(sa.update(variant).where(variant.c.id == first).values(values))
        gift = {"gift_card": True} if _flag(kept.pop(_find(kept, "gift card"), "")) else {}
        op.execute(sa.update(product).where(product.c.id == product_id).values({"extra": kept, **gift}))
    for variant_id, extra in _rows_with_columns(variant):
        values, kept = _take(extra)
        kept.pop(_find(kept, "gift card"), None)
        op.execute(sa.update(variant).where(variant.c.id == variant_id).values({"extra": kept, **values}))


def downgrade() -> None:
    """Leave the values where they are: the older release does not read them."""


def _rows_with_columns(table: sa.TableClause) -> Iterator[tuple[int, dict[str, str]]]:
    """Yield id and kept columns of the rows that have one of the columns."""
    text, last = sa.func.lower(sa.cast(table.c.extra, sa.Text)), 0
    wanted = sa.or_(*(text.like(f"%{header}%") for header in (*VARIANT_COLUMNS, "gift card")))
    while True:
        query = sa.select(table.c.id, table.c.extra).where(table.c.id > last, wanted)
        batch = op.get_bind().execute(query.order_by(table.c.id).limit(BATCH)).all()
        if not batch:
            return
        for row in batch:
            yield row.id, dict(row.extra or {})
        last = batch[-1].id


def _take(extra: dict[str, str]) -> tuple[dict[str, bool], dict[str, str]]:
    """Return the values of the new columns, and the kept columns without them."""
    values: dict[str, bool] = {}
    kept: dict[str, Any] = {}
    for header, cell in extra.items():
        name = VARIANT_COLUMNS.get(" ".join(header.split()).casefold())
        if name is None:
            kept[header] = cell
        elif (flag := _flag(cell)) is not None:
            values[name] = flag
    return values, kept


def _find(extra: dict[str, str], wanted: str) -> str:
    return next((header for header in extra if " ".join(header.split()).casefold() == wanted), "")


def _flag(cell: object) -> bool | None:
    text = str(cell).strip().casefold()
    return True if text in YES else False if text in NO else None
