"""What a shopper is about to buy, what is held for them meanwhile, and what has been bought.

An order copies names, prices, tax and addresses: it never changes when a product, a rate or an account does.
"""

from __future__ import annotations

import secrets
from datetime import UTC, datetime
from typing import Any, Literal

from sqlalchemy import JSON, BigInteger, CheckConstraint, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from storefront.extensions import Model, UtcDateTime

OrderState = Literal["placed", "paid", "shipped", "delivered", "cancelled", "refunded"]
OrderEventKind = Literal["placed", "paid", "shipped", "delivered", "cancelled", "refunded", "note"]
# Neither vowels, so that no number is a word, nor what is taken for something else: 0 and O, 1, I and L.
NUMBER_ALPHABET = "23456789BCDFGHJKMNPQRSTVWXYZ"


def _now() -> datetime:
    return datetime.now(UTC)


def new_number() -> str:
    """Return a number for an order: random, so that it does not tell how many there are."""
    return "".join(secrets.choice(NUMBER_ALPHABET) for _ in range(10))


class Checkout(Model):
    """A visitor's draft: what they have filled in so far. There is one for each basket.

    `key` makes placing it idempotent, `seen` is the totals that they were last shown (as JSON). A draft whose basket
    is gone (merged into an account's) belongs to nobody; it goes once its holds have.
    """

    __tablename__ = "checkout"

    id: Mapped[int] = mapped_column(primary_key=True)
    cart_id: Mapped[int | None] = mapped_column(ForeignKey("cart.id", ondelete="SET NULL"), unique=True)
    user_id: Mapped[int | None] = mapped_column(index=True)
    key: Mapped[str] = mapped_column(String(64), default=lambda: secrets.token_urlsafe(24))
    email: Mapped[str] = mapped_column(String(254), default="")
    address: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    bill_to: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    delivery: Mapped[str] = mapped_column(String(40), default="")
    payment: Mapped[str] = mapped_column(String(40), default="")
    seen: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime, default=_now, onupdate=_now, index=True)

    # What a movement of stock refers to is never given to another.
    __table_args__ = ({"sqlite_autoincrement": True},)


class Hold(Model):
    """So many of a variant are reserved for a checkout until then, or until somebody notices that it is past."""

    __tablename__ = "hold"

    id: Mapped[int] = mapped_column(primary_key=True)
    checkout_id: Mapped[int] = mapped_column(ForeignKey("checkout.id"))
    sku: Mapped[str] = mapped_column(String(255))
    quantity: Mapped[int]
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)

    __table_args__ = (
        UniqueConstraint("checkout_id", "sku"),
        CheckConstraint("quantity >= 1", name="quantity"),
        Index("ix_hold_sku_expires_at", "sku", "expires_at"),
    )


class Order(Model):
    """What somebody has bought. Amounts are minor units of `currency`; `total` is what is to be paid.

    `key` and `request_digest` say which click placed it; they are forgotten after a week. `access` is what a guest's
    link is signed with: a new one voids the links made before.
    """

    __tablename__ = "customer_order"

    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(String(16), unique=True, default=new_number)
    key: Mapped[str | None] = mapped_column(String(64), unique=True)
    request_digest: Mapped[str] = mapped_column(String(64))
    user_id: Mapped[int | None] = mapped_column(index=True)
    email: Mapped[str] = mapped_column(String(254))
    state: Mapped[str] = mapped_column(String(10), default="placed")
    currency: Mapped[str] = mapped_column(String(3))
    goods: Mapped[int] = mapped_column(BigInteger)
    delivery_price: Mapped[int] = mapped_column(BigInteger)
    tax: Mapped[int] = mapped_column(BigInteger)
    total: Mapped[int] = mapped_column(BigInteger)
    prices_include_tax: Mapped[bool]
    taxes: Mapped[list[dict[str, Any]]] = mapped_column(JSON, default=list)
    ship_to: Mapped[dict[str, Any]] = mapped_column(JSON)
    bill_to: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    delivery: Mapped[str] = mapped_column(String(100))  # the method's name, as it was shown
    payment: Mapped[str] = mapped_column(String(40))  # the provider's code
    paid: Mapped[int] = mapped_column(BigInteger, default=0)  # received so far
    refunded: Mapped[int] = mapped_column(BigInteger, default=0)  # of that, given back
    placed_at: Mapped[datetime] = mapped_column(UtcDateTime, default=_now, index=True)
    access: Mapped[str] = mapped_column(String(32), default=lambda: secrets.token_hex(16))

    lines: Mapped[list[OrderLine]] = relationship(order_by="OrderLine.id", back_populates="order")
    events: Mapped[list[OrderEvent]] = relationship(order_by="OrderEvent.id", back_populates="order")

    __table_args__ = (
        CheckConstraint(
            "state IN ('placed', 'paid', 'shipped', 'delivered', 'cancelled', 'refunded')", name="state"
        ),
        CheckConstraint("refunded >= 0 AND refunded <= paid", name="refunded"),
        Index("ix_customer_order_state_id", "state", "id"),
        {"sqlite_autoincrement": True},
    )


class OrderLine(Model):
    """A line of an order, as it was sold. `tax_rate` is in thousandths of a percent: 7.25 % is 7250.

    `from_stock` says how many left the stock with the order (what is not counted, or is still to come, did not);
    `returned` how many of those have come back.
    """

    __tablename__ = "order_line"

    id: Mapped[int] = mapped_column(primary_key=True)
    order_id: Mapped[int] = mapped_column(ForeignKey("customer_order.id"), index=True)
    sku: Mapped[str] = mapped_column(String(255))
    title: Mapped[str] = mapped_column(String(500))
    options: Mapped[str] = mapped_column(String(800), default="")
    quantity: Mapped[int]
    unit_price: Mapped[int] = mapped_column(BigInteger)
    tax_rate: Mapped[int]
    tax: Mapped[int] = mapped_column(BigInteger)
    total: Mapped[int] = mapped_column(BigInteger)  # quantity × unit price
    from_stock: Mapped[int] = mapped_column(default=0)
    returned: Mapped[int] = mapped_column(default=0)

    order: Mapped[Order] = relationship(back_populates="lines")

    __table_args__ = (
        CheckConstraint("quantity >= 1", name="quantity"),
        CheckConstraint("from_stock BETWEEN 0 AND quantity", name="from_stock"),
        CheckConstraint("returned BETWEEN 0 AND from_stock", name="returned"),
    )


class OrderEvent(Model):
    """What happened to an order, when, and by whom; never changed, never deleted."""

    __tablename__ = "order_event"

    id: Mapped[int] = mapped_column(primary_key=True)
    order_id: Mapped[int] = mapped_column(ForeignKey("customer_order.id"), index=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime, default=_now)
    actor: Mapped[str] = mapped_column(String(255))
    kind: Mapped[str] = mapped_column(String(10))
    amount: Mapped[int | None] = mapped_column(BigInteger)
    note: Mapped[str] = mapped_column(String(1000), default="")

    order: Mapped[Order] = relationship(back_populates="events")

    __table_args__ = (
        CheckConstraint(
            "kind IN ('placed', 'paid', 'shipped', 'delivered', 'cancelled', 'refunded', 'note')", name="kind"
        ),
    )


class Payment(Model):
    """A payment at a provider, by the provider's own reference. `state`: pending, paid, failed, refunded.

    `refund_due_at` says when it is to be given back, or tried again after so many attempts; None if it is not.
    """

    __tablename__ = "payment"

    id: Mapped[int] = mapped_column(primary_key=True)
    order_id: Mapped[int] = mapped_column(ForeignKey("customer_order.id"), index=True)
    provider: Mapped[str] = mapped_column(String(40))
    reference: Mapped[str] = mapped_column(String(255))
    amount: Mapped[int] = mapped_column(BigInteger)
    currency: Mapped[str] = mapped_column(String(3))
    state: Mapped[str] = mapped_column(String(10), default="pending")
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=_now)
    refund_due_at: Mapped[datetime | None] = mapped_column(UtcDateTime, index=True)
    refund_attempts: Mapped[int] = mapped_column(default=0, server_default="0")

    __table_args__ = (
        UniqueConstraint("provider", "reference"),
        CheckConstraint("state IN ('pending', 'paid', 'failed', 'refunded')", name="state"),
        CheckConstraint("amount >= 0", name="amount_not_negative"),
    )


class PaymentEvent(Model):
    """A message of a provider that has been dealt with: each counts once, however often it comes."""

    __tablename__ = "payment_event"

    id: Mapped[int] = mapped_column(primary_key=True)
    provider: Mapped[str] = mapped_column(String(40))
    event_id: Mapped[str] = mapped_column(String(255))
    kind: Mapped[str] = mapped_column(String(100), default="")
    received_at: Mapped[datetime] = mapped_column(UtcDateTime, default=_now)

    __table_args__ = (UniqueConstraint("provider", "event_id"),)
