"""Carts and their lines, in SQL, so that no loss of Redis empties a cart."""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from storefront.extensions import Model, UtcDateTime


def _now() -> datetime:
    return datetime.now(UTC)


class Cart(Model):
    """A cart. It belongs to the browser that has its token, and to an account once somebody has signed in.

    The token is stored as it is, since it is of no use without our signature: every browser in which the account's
    owner signs in gets the same one.
    """

    __tablename__ = "cart"

    id: Mapped[int] = mapped_column(primary_key=True)
    token: Mapped[str] = mapped_column(String(64), unique=True)
    user_id: Mapped[int | None] = mapped_column(unique=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=_now)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime, default=_now, onupdate=_now)


class CartLine(Model):
    """A variant in a cart. `price_seen` (minor units) is the price when the shopper last added or changed it."""

    __tablename__ = "cart_line"

    id: Mapped[int] = mapped_column(primary_key=True)
    cart_id: Mapped[int] = mapped_column(ForeignKey("cart.id", ondelete="CASCADE"))
    sku: Mapped[str] = mapped_column(String(255))
    quantity: Mapped[int]
    price_seen: Mapped[int] = mapped_column(BigInteger)
    saved: Mapped[bool] = mapped_column(default=False)  # set aside for later
    added_at: Mapped[datetime] = mapped_column(UtcDateTime, default=_now)

    __table_args__ = (
        UniqueConstraint("cart_id", "sku"),
        CheckConstraint("quantity BETWEEN 1 AND 99", name="quantity"),
        CheckConstraint("price_seen >= 0", name="price_seen_not_negative"),
    )
