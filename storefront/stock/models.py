"""How much there is of each variant. Known by SKU and ids; the product's own tables are unknown here."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Literal

from sqlalchemy import CheckConstraint, Index, String, event, text
from sqlalchemy.orm import Mapped, mapped_column

from storefront.cache import keys
from storefront.extensions import Model, UtcDateTime

MovementKind = Literal["received", "sold", "released", "held", "returned", "adjusted"]
_BUYABLE = "NOT tracked OR on_hand > reserved"


class StockItem(Model):
    """The stock of one variant: what is on hand, and what of that is reserved by holds and open orders."""

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
    # On hand when the ledger began: on_hand = opening + movements.
    opening: Mapped[int] = mapped_column(default=0, server_default="0")

    __table_args__ = (
        CheckConstraint("on_hand >= 0", name="on_hand_not_negative"),
        CheckConstraint("reserved >= 0", name="reserved_not_negative"),
        CheckConstraint("reserved <= on_hand", name="reserved_on_hand"),
        CheckConstraint("low_threshold >= 0", name="low_threshold_not_negative"),
        Index("ix_stock_item_product_id", "product_id"),
        # "Is anything of this product to be had?" is one look into this index.
        Index(
            "ix_stock_item_buyable",
            "product_id",
            sqlite_where=text(_BUYABLE),
            postgresql_where=text(_BUYABLE),
        ),
    )

    def cache_tags(self) -> set[str]:
        """Whoever prints this variant's stock: its product's page, and the lists that show it."""
        return {keys.product_tag(self.product_id), keys.card_tag(self.product_id)}

    @property
    def available(self) -> int:
        """What can be bought now: on_hand − reserved, never under 0."""
        return self.on_hand - self.reserved


@event.listens_for(StockItem, "before_insert")
def _set_opening(_mapper: object, _connection: object, item: StockItem) -> None:
    item.opening = item.on_hand


class StockMovement(Model):
    """A line of the ledger; never changed, never deleted.

    `quantity` is what was added to (or taken from) what is on hand, `reserved` the same for what is reserved.
    """

    __tablename__ = "stock_movement"

    id: Mapped[int] = mapped_column(primary_key=True)
    sku: Mapped[str] = mapped_column(String(255), index=True)
    kind: Mapped[str] = mapped_column(String(8))
    quantity: Mapped[int] = mapped_column(default=0)
    reserved: Mapped[int] = mapped_column(default=0)
    reason: Mapped[str] = mapped_column(String(255), default="")
    actor: Mapped[str] = mapped_column(String(255), default="")
    reference: Mapped[str] = mapped_column(String(64), default="")  # the order or hold that it belongs to
    at: Mapped[datetime] = mapped_column(UtcDateTime, default=lambda: datetime.now(UTC))

    __table_args__ = (
        CheckConstraint(
            "kind IN ('received', 'sold', 'released', 'held', 'returned', 'adjusted')", name="kind"
        ),
    )
