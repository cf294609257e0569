"""The tables of the checkout: drafts, holds, orders with their lines and events, and payments.

An order copies names, prices, tax and addresses, so that a later change of a product, a tax rate or an account does
not change it.
"""

from __future__ import annotations

import secrets
from datetime import UTC, datetime
from typing import Any, Literal

from sqlalchemy import (
    JSON,
    BigInteger,
    CheckConstraint,
    ColumnElement,
    ForeignKey,
    Index,
    String,
    UniqueConstraint,
    literal_column,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from storefront.extensions import Model, UtcDateTime
from storefront.languages import current_locale
from storefront.money import Money

OrderState = Literal["placed", "paid", "shipped", "delivered", "cancelled", "refunded"]
OrderEventKind = Literal["placed", "paid", "shipped", "delivered", "cancelled", "refunded", "note"]
# No vowels, so that no number is a word; no characters that look alike: 0 and O, 1, I and L.
NUMBER_ALPHABET = "23456789BCDFGHJKMNPQRSTVWXYZ"

# A range of beginnings ("byr" to "byr\U0010ffff") uses an index only if texts are compared byte by byte.
# Of orders that are cancelled, with money that has to be refunded: `order_states.IS_REFUND_DUE`.
_REFUND_DUE = "state = 'cancelled' AND paid > refunded"
_SORTED_BY_BYTES = String(100).with_variant(String(100, collation="C"), "postgresql")


def _now() -> datetime:
    return datetime.now(UTC)


def new_number() -> str:
    """Return a random number for an order; it does not reveal how many orders there are."""
    return "".join(secrets.choice(NUMBER_ALPHABET) for _ in range(10))


class Checkout(Model):
    """A visitor's draft of an order: the details that they have filled in so far. Each basket has one at most.

    `key` is the idempotency key of the next order, `seen` the totals that the shopper was last shown (as JSON). A
    draft whose basket was merged into an account's has no owner; it is deleted after its holds.
    """

    __tablename__ = "checkout"

    id: Mapped[int] = mapped_column(primary_key=True)
    cart_id: Mapped[int | None] = mapped_column(ForeignKey("cart.id", ondelete="SET NULL"), unique=True)
    user_id: Mapped[int | None] = mapped_column(index=True)
    key: Mapped[str] = mapped_column(String(64), default=lambda: secrets.token_urlsafe(24))
    email: Mapped[str] = mapped_column(String(254), default="")
    exact_email: Mapped[str] = mapped_column(String(254), default="", server_default="")
    address: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    bill_to: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    delivery: Mapped[str] = mapped_column(String(40), default="")
    payment: Mapped[str] = mapped_column(String(40), default="")
    seen: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime, default=_now, onupdate=_now, index=True)

    # Movements of stock refer to the id, so SQLite must not reuse it.
    __table_args__ = ({"sqlite_autoincrement": True},)


class Hold(Model):
    """A quantity of a variant that is reserved for a draft. After `expires_at` anybody who notices may release it.

    `client` is a keyed digest of the network address that took it; None if the address is unknown.
    """

    __tablename__ = "hold"

    id: Mapped[int] = mapped_column(primary_key=True)
    checkout_id: Mapped[int] = mapped_column(ForeignKey("checkout.id"))
    sku: Mapped[str] = mapped_column(String(255))
    quantity: Mapped[int]
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    client: Mapped[str | None] = mapped_column(String(32))

    __table_args__ = (
        UniqueConstraint("checkout_id", "sku"),
        CheckConstraint("quantity >= 1", name="quantity"),
        Index("ix_hold_sku_expires_at", "sku", "expires_at"),
    )


class HoldTime(Model):
    """How long a hold was made or renewed for. The sums of a day are the time budgets of baskets and clients.

    `seconds` is the time by which the hold ends later than before.
    """

    __tablename__ = "hold_time"

    id: Mapped[int] = mapped_column(primary_key=True)
    checkout_id: Mapped[int] = mapped_column(index=True)
    user_id: Mapped[int | None] = mapped_column(index=True)
    client: Mapped[str | None] = mapped_column(String(32), index=True)
    seconds: Mapped[int]
    at: Mapped[datetime] = mapped_column(UtcDateTime, default=_now, index=True)


class Order(Model):
    """An order. Amounts are in minor units of `currency`; `total` is the amount to pay.

    `key` (deleted after a week) and `request_digest` identify the request that placed the order. A guest's link is
    signed with `access`: a new value makes the earlier links invalid. `delivery` is the name of the method as the
    shopper saw it, `payment` the code of the provider, `paid` the money received so far, `refunded` the part of it
    that was refunded.

    An unpaid order counts in the budgets of holds (`hold_budgets`), for the draft `checkout_id` and for
    `client`, a keyed digest of the network address that is deleted when the order is paid, shipped or cancelled. It
    is cancelled at `pay_by`, after a letter that was sent at `reminded_at`.

    `tracking` is the parcel's number or address at the carrier, as the customer sees it; "" if none is known.

    `email` is the canonical address that mail is sent to, `exact_email` the same as it was typed ("" in orders of
    earlier releases): by it a guest's order belongs to the account that has confirmed this address.

    `locale` is the further language of the shop in which it was placed, such as "de_DE"; "" is the shop's own.

    Staff find it by the names on it (`name_words`). Earlier releases search `name_key` and `surname_key`,
    which are what `order_search.name_keys` returns.

    `withheld_mails` counts mails about the order that were over a limit and not sent.

    `imported_number` is the number that another shop gave an order of its history; None for orders of this shop.
    """

    __tablename__ = "customer_order"

    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(String(16), unique=True, default=new_number)
    key: Mapped[str | None] = mapped_column(String(64), unique=True)
    request_digest: Mapped[str] = mapped_column(String(64))
    user_id: Mapped[int | None] = mapped_column(index=True)
    email: Mapped[str] = mapped_column(String(254))
    exact_email: Mapped[str] = mapped_column(String(254), default="", server_default="")
    locale: Mapped[str] = mapped_column(String(32), default=current_locale, server_default="")
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
    delivery: Mapped[str] = mapped_column(String(100))
    payment: Mapped[str] = mapped_column(String(40))
    paid: Mapped[int] = mapped_column(BigInteger, default=0)
    refunded: Mapped[int] = mapped_column(BigInteger, default=0)
    placed_at: Mapped[datetime] = mapped_column(UtcDateTime, default=_now, index=True)
    access: Mapped[str] = mapped_column(String(32), default=lambda: secrets.token_hex(16))
    checkout_id: Mapped[int | None]
    client: Mapped[str | None] = mapped_column(String(32), index=True)
    withheld_mails: Mapped[int] = mapped_column(default=0, server_default="0")
    pay_by: Mapped[datetime | None] = mapped_column(UtcDateTime)
    reminded_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    imported_number: Mapped[str | None] = mapped_column(String(64))
    name_key: Mapped[str] = mapped_column(_SORTED_BY_BYTES, default="", server_default="")
    surname_key: Mapped[str] = mapped_column(_SORTED_BY_BYTES, default="", server_default="")
    tracking: Mapped[str] = mapped_column(String(200), default="", server_default="")

    name_words: Mapped[list[OrderNameWord]] = relationship()
    lines: Mapped[list[OrderLine]] = relationship(order_by="OrderLine.id", back_populates="order")
    events: Mapped[list[OrderEvent]] = relationship(order_by="OrderEvent.id", back_populates="order")

    __table_args__ = (
        CheckConstraint(
            "state IN ('placed', 'paid', 'shipped', 'delivered', 'cancelled', 'refunded')", name="state"
        ),
        CheckConstraint("refunded >= 0 AND refunded <= paid", name="refunded"),
        Index("ix_customer_order_state_id", "state", "id"),
        Index("ix_customer_order_state_placed_at", "state", "placed_at"),
        Index(
            "ix_customer_order_refund_due",
            "id",
            sqlite_where=text(_REFUND_DUE),
            postgresql_where=text(_REFUND_DUE),
        ),
        Index("ix_customer_order_email", "email"),
        Index("ix_customer_order_name_key", "name_key"),
        Index("ix_customer_order_surname_key", "surname_key"),
        Index("ix_customer_order_imported_number", "imported_number", unique=True),
        {"sqlite_autoincrement": True},
    )


class OrderNameWord(Model):
    """A word of a name on an order, as staff look for it: what `order_search.name_words` returns."""

    __tablename__ = "order_name_word"

    word: Mapped[str] = mapped_column(_SORTED_BY_BYTES, primary_key=True)
    order_id: Mapped[int] = mapped_column(
        ForeignKey("customer_order.id", ondelete="CASCADE"), primary_key=True, index=True
    )

    __table_args__ = ({"sqlite_with_rowid": False},)


class OrderLine(Model):
    """A line of an order, as it was sold. `total` is quantity × unit price; a `tax_rate` of 7250 means 7.25 %.

    `from_stock` is the quantity that left the stock with the order: 0 for variants without stock counting, less than
    `quantity` for backorders. `returned` is the part of it that has come back into stock. `unreserved` is the
    quantity that leaves the stock only when the order is paid or shipped, since it is over a budget of unpaid goods.
    `label` is the SKU as the merchant wrote it at the time, "" if there was none.
    """

    __tablename__ = "order_line"

    id: Mapped[int] = mapped_column(primary_key=True)
    order_id: Mapped[int] = mapped_column(ForeignKey("customer_order.id"), index=True)
    sku: Mapped[str] = mapped_column(String(255), index=True)
    label: Mapped[str] = mapped_column(String(255), default="", server_default="")
    title: Mapped[str] = mapped_column(String(500))
    options: Mapped[str] = mapped_column(String(800), default="")
    quantity: Mapped[int]
    unit_price: Mapped[int] = mapped_column(BigInteger)
    tax_rate: Mapped[int]
    tax: Mapped[int] = mapped_column(BigInteger)
    total: Mapped[int] = mapped_column(BigInteger)
    from_stock: Mapped[int] = mapped_column(default=0)
    returned: Mapped[int] = mapped_column(default=0)
    unreserved: Mapped[int] = mapped_column(default=0, server_default="0")

    order: Mapped[Order] = relationship(back_populates="lines")

    __table_args__ = (
        CheckConstraint("quantity >= 1", name="quantity"),
        CheckConstraint("from_stock BETWEEN 0 AND quantity", name="from_stock"),
        CheckConstraint("returned BETWEEN 0 AND from_stock", name="returned"),
        Index("ix_order_line_sku_lower", text("lower(sku)")),
        Index("ix_order_line_label_lower", text("lower(label)")),
    )


# An event's kind of actor, by which its index finds it: the first letters tell all kinds apart. Constants are part of
# the expression: SQLite uses the index only for the very same text.
ACTOR_LETTERS = 4
ACTOR_KIND = literal_column(f"substr(actor, 1, {ACTOR_LETTERS})", String)


class OrderEvent(Model):
    """An entry in the log of an order: what happened, when, and who did it. Rows are never changed or deleted.

    `fields` has the old and the new value of each field that staff corrected (`order_contact`), None otherwise.
    """

    __tablename__ = "order_event"

    id: Mapped[int] = mapped_column(primary_key=True)
    order_id: Mapped[int] = mapped_column(ForeignKey("customer_order.id"), index=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime, default=_now)
    actor: Mapped[str] = mapped_column(String(255))
    kind: Mapped[str] = mapped_column(String(10))
    amount: Mapped[int | None] = mapped_column(BigInteger)
    note: Mapped[str] = mapped_column(String(1000), default="")
    fields: Mapped[dict[str, list[str]] | None] = mapped_column(JSON(none_as_null=True))

    order: Mapped[Order] = relationship(back_populates="events")

    __table_args__ = (
        CheckConstraint(
            "kind IN ('placed', 'paid', 'shipped', 'delivered', 'cancelled', 'refunded', 'note')", name="kind"
        ),
        Index("ix_order_event_at", "at"),
        Index("ix_order_event_actor_kind", ACTOR_KIND, "at"),
        Index("ix_order_event_actor", "actor", "at"),
    )


class Payment(Model):
    """An attempt to pay at a provider. `reference` is the provider's id of it.

    `state` is pending, paid, failed or refunded. `refund_due_at` is the time of the next attempt to refund it, and
    None if no refund is due; `refund_attempts` counts the attempts.
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
    """An event of a provider that has been handled: providers send events more than once, and each counts once."""

    __tablename__ = "payment_event"

    id: Mapped[int] = mapped_column(primary_key=True)
    provider: Mapped[str] = mapped_column(String(40))
    event_id: Mapped[str] = mapped_column(String(255))
    kind: Mapped[str] = mapped_column(String(100), default="")
    received_at: Mapped[datetime] = mapped_column(UtcDateTime, default=_now)

    __table_args__ = (UniqueConstraint("provider", "event_id"),)


# A dispute that has ended stays in one of these states (docs.stripe.com/api/disputes/object).
_HARMLESS_DISPUTE_STATES = ("won", "warning_closed")
FINAL_DISPUTE_STATES = (*_HARMLESS_DISPUTE_STATES, "lost")


class PaymentDispute(Model):
    """A dispute about a payment, in minor units of `currency`; `status` and `reason` are the provider's.

    `decided_by` is the actor who allowed the order to be shipped nevertheless; empty until somebody has.
    """

    __tablename__ = "payment_dispute"

    id: Mapped[int] = mapped_column(primary_key=True)
    order_id: Mapped[int] = mapped_column(ForeignKey("customer_order.id", ondelete="CASCADE"), index=True)
    provider: Mapped[str] = mapped_column(String(40))
    reference: Mapped[str] = mapped_column(String(255))
    amount: Mapped[int] = mapped_column(BigInteger)
    currency: Mapped[str] = mapped_column(String(3))
    reason: Mapped[str] = mapped_column(String(100), default="")
    status: Mapped[str] = mapped_column(String(30))
    decided_by: Mapped[str] = mapped_column(String(255), default="")
    opened_at: Mapped[datetime] = mapped_column(UtcDateTime, default=_now)

    __table_args__ = (UniqueConstraint("provider", "reference"),)

    @classmethod
    def stops_shipping(cls) -> ColumnElement[bool]:
        """Return the SQL condition that a dispute keeps its order from being shipped."""
        return (cls.decided_by == "") & cls.status.not_in(_HARMLESS_DISPUTE_STATES)

    @property
    def stops(self) -> bool:
        """Whether the dispute keeps its order from being shipped."""
        return not self.decided_by and self.status not in _HARMLESS_DISPUTE_STATES

    @property
    def money(self) -> Money:
        """The disputed amount."""
        return Money(self.amount, self.currency)
