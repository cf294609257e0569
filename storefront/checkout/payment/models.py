"""Payments at providers, and the messages of theirs that have been dealt with."""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from storefront.extensions import Model, UtcDateTime


def _now() -> datetime:
    return datetime.now(UTC)


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
