"""Tables of stock. They name variants and products by SKU and id only, without foreign keys to the catalogue."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, ClassVar, Literal

from sqlalchemy import (
    CheckConstraint,
    ColumnElement,
    Index,
    String,
    event,
    func,
    literal_column,
    select,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from storefront.actors import ChangedBy
from storefront.extensions import Model, UtcDateTime
from storefront.shop_cache import keys

MovementKind = Literal["received", "sold", "released", "held", "returned", "adjusted"]
_BUYABLE = "NOT tracked OR on_hand > reserved"
_UNCOUNTED = "NOT tracked"
_SCARCE = "tracked AND on_hand - reserved <= low_threshold"
# For SQLite, SQLAlchemy writes a boolean column as "tracked = 1", which serves no index with one of these conditions.
_COUNTED: ColumnElement[Any] = literal_column("(stock_item.tracked)")
_UNCOUNTED_ROW: ColumnElement[Any] = literal_column("(NOT stock_item.tracked)")
_SOLD_OUT = "tracked AND on_hand - reserved <= 0"


class StockItem(ChangedBy, Model):
    """The stock of one variant: how many are on hand, and how many of those holds and open orders have reserved."""

    __tablename__ = "stock_item"

    id: Mapped[int] = mapped_column(primary_key=True)
    sku: Mapped[str] = mapped_column(String(255), unique=True)
    variant_id: Mapped[int] = mapped_column(unique=True)
    product_id: Mapped[int]
    tracked: Mapped[bool] = mapped_column(default=True)
    on_hand: Mapped[int] = mapped_column(default=0)
    reserved: Mapped[int] = mapped_column(default=0)
    low_threshold: Mapped[int] = mapped_column(default=5)
    version: Mapped[int] = mapped_column(default=1)
    # on_hand = opening + the sum of movements. Of a code that an earlier variant had, the sum has its movements too.
    opening: Mapped[int] = mapped_column(default=0, server_default="0")

    # What is on hand is in the ledger.
    history_fields: ClassVar[tuple[str, ...]] = ("tracked", "low_threshold")

    __table_args__ = (
        CheckConstraint("on_hand >= 0", name="on_hand_not_negative"),
        CheckConstraint("reserved >= 0", name="reserved_not_negative"),
        CheckConstraint("reserved <= on_hand", name="reserved_on_hand"),
        CheckConstraint("low_threshold >= 0", name="low_threshold_not_negative"),
        Index("ix_stock_item_product_id", "product_id"),
        # Makes `is_buyable` one look into an index.
        Index(
            "ix_stock_item_buyable",
            "product_id",
            sqlite_where=text(_BUYABLE),
            postgresql_where=text(_BUYABLE),
        ),
        # The fewest left first, for the back office.
        Index(
            "ix_stock_item_scarce",
            text("(on_hand - reserved)"),
            "id",
            sqlite_where=text(_SCARCE),
            postgresql_where=text(_SCARCE),
        ),
        # The newest products first, for the list of products.
        *(
            Index(name, "product_id", sqlite_where=text(where), postgresql_where=text(where))
            for name, where in {
                "ix_stock_item_scarce_product": _SCARCE,
                "ix_stock_item_sold_out_product": _SOLD_OUT,
            }.items()
        ),
        Index(
            "ix_stock_item_uncounted",
            "id",
            sqlite_where=text(_UNCOUNTED),
            postgresql_where=text(_UNCOUNTED),
        ),
    )

    @property
    def deletion_name(self) -> str:
        """Return the code of its variant."""
        return self.sku

    def cache_tags(self) -> set[str]:
        """Return the tags of the pages that show this variant's stock: its product's page and lists."""
        return {keys.product_tag(self.product_id), keys.card_tag(self.product_id)}

    @classmethod
    def is_scarce(cls) -> ColumnElement[bool]:
        """Return the SQL condition that it is counted, and at or below its low threshold; an index serves it."""
        return _COUNTED & (cls.on_hand - cls.reserved <= cls.low_threshold)

    @classmethod
    def is_uncounted(cls) -> ColumnElement[bool]:
        """Return the SQL condition that its stock is not counted; an index serves it."""
        return _UNCOUNTED_ROW

    @classmethod
    def is_sold_out(cls) -> ColumnElement[bool]:
        """Return the SQL condition that it is counted and none can be bought; an index serves it."""
        return _COUNTED & (cls.on_hand - cls.reserved <= literal_column("0"))

    @property
    def available(self) -> int:
        """How many can be bought now: on_hand − reserved, never negative."""
        return self.on_hand - self.reserved


class StockMovement(Model):
    """A line of the ledger; never changed, and deleted only with the demo catalogue (`items.forget_items`).

    Attributes:
        quantity: what was added to (or subtracted from) what is on hand.
        reserved: what was added to (or subtracted from) what is reserved.
        reference: the order or hold that the movement belongs to.
    """

    __tablename__ = "stock_movement"

    id: Mapped[int] = mapped_column(primary_key=True)
    sku: Mapped[str] = mapped_column(String(255))
    kind: Mapped[str] = mapped_column(String(8))
    quantity: Mapped[int] = mapped_column(default=0)
    reserved: Mapped[int] = mapped_column(default=0)
    reason: Mapped[str] = mapped_column(String(255), default="")
    actor: Mapped[str] = mapped_column(String(255), default="")
    reference: Mapped[str] = mapped_column(String(64), default="")
    at: Mapped[datetime] = mapped_column(UtcDateTime, default=lambda: datetime.now(UTC))

    __table_args__ = (
        CheckConstraint(
            "kind IN ('received', 'sold', 'released', 'held', 'returned', 'adjusted')", name="kind"
        ),
        Index("ix_stock_movement_sku_id", "sku", "id"),
    )


@event.listens_for(StockItem, "before_insert")
def _set_opening(_mapper: object, _connection: object, item: StockItem) -> None:
    """Begin the ledger, or go on with that of an earlier variant of the same code."""
    recorded = select(func.sum(StockMovement.quantity)).where(StockMovement.sku == item.sku)
    item.opening = (item.on_hand or 0) - func.coalesce(recorded.scalar_subquery(), 0)
