"""Reads orders for pages, mails and exports."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, func, select
from sqlalchemy.orm import Session

from storefront.accounts.models import User
from storefront.checkout.models import Order, OrderEvent, OrderLine, PaymentDispute
from storefront.extensions import db
from storefront.mail.email_address import normalize_email
from storefront.money import Money

PER_PAGE = 50
# The code of payment by invoice.
INVOICE = "invoice"
# No money received, and not shipped: the goods have left the stock for nothing but a promise.
UNPAID = and_(Order.state == "placed", Order.paid == 0)
UNPAID_INVOICE = and_(Order.payment == INVOICE, UNPAID)
# A state for staff only: cancelled, with money that has to be refunded.
REFUND_DUE = "refund due"
# A state for staff only: a dispute stops the order until they decide.
DISPUTED = "disputed"
_EXPORTED_COLUMNS = tuple(
    "number imported_number placed_at state email currency goods delivery_price tax total paid refunded delivery"
    " payment ship_to bill_to".split()
)
_EXPORTED_LINE_COLUMNS = ("sku", "label", "title", "options", "quantity", "unit_price", "total")


@dataclass(frozen=True, slots=True)
class LineView:
    """A line of an order, as its page shows it.

    `returnable` is the quantity that can still come back into stock, `unreserved` the one that has not left it yet.
    `label` is the SKU as the merchant wrote it when the order was placed.
    """

    id: int
    sku: str
    label: str
    title: str
    options: str
    quantity: int
    unit_price: Money
    total: Money
    returnable: int
    unreserved: int


@dataclass(frozen=True, slots=True)
class EventView:
    """An event of an order, as its page shows it."""

    at: datetime
    actor: str
    kind: str
    amount: Money | None
    note: str


@dataclass(frozen=True, slots=True)
class OrderView:
    """An order, as its page shows it.

    `link_expired`: the visitor has a guest's link that is too old to change anything or to see personal data.
    At `payment_ends` it is cancelled unless it is paid or shipped before; `is_reminded` after the letter about that.
    `imported_number`: the number that another shop gave it; only that shop's provider could refund it.
    """

    number: str
    user_id: int | None
    email: str
    exact_email: str
    state: str
    goods: Money
    delivery_price: Money
    tax: Money
    total: Money
    paid: Money
    refunded: Money
    prices_include_tax: bool
    taxes: list[dict[str, Any]]
    ship_to: dict[str, Any]
    bill_to: dict[str, Any] | None
    delivery: str
    payment: str
    placed_at: datetime
    access: str
    withheld_mails: int
    lines: list[LineView]
    events: list[EventView]
    payment_ends: datetime | None
    is_reminded: bool
    link_expired: bool = False
    imported_number: str | None = None
    tracking: str = ""

    @property
    def can_come_back(self) -> bool:
        """Whether it was sent without being paid, so that its goods can be taken back without a refund."""
        amounts = (self.total.amount, self.paid.amount, self.refunded.amount)
        return self.imported_number is None and can_come_back(self.state, *amounts)

    @property
    def is_sent(self) -> bool:
        """Whether anything is sent in a parcel: orders of digital goods have no delivery."""
        return bool(self.delivery)

    @property
    def due(self) -> Money:
        """The amount that is still to be paid."""
        return Money(self.total.amount - self.paid.amount, self.total.currency)

    @property
    def refundable(self) -> Money:
        """The amount that was paid and not refunded."""
        return Money(self.paid.amount - self.refunded.amount, self.total.currency)

    @property
    def is_unreserved(self) -> bool:
        """Whether goods of this unpaid order leave the stock only when it is paid."""
        return self.state == "placed" and any(line.unreserved for line in self.lines)

    @property
    def refund_due(self) -> bool:
        """Whether the order was cancelled and its money has to be refunded."""
        return self.state == "cancelled" and self.refundable.amount > 0

    @property
    def cancellable(self) -> bool:
        """Whether the order can still be cancelled."""
        return not self.link_expired and self.imported_number is None and self.state in ("placed", "paid")


@dataclass(frozen=True, slots=True)
class OrderRow:
    """An order in a list."""

    number: str
    email: str
    state: str
    total: Money
    quantity: int
    placed_at: datetime
    imported_number: str | None


@dataclass(frozen=True, slots=True)
class OrderPage:
    """A page of a list of orders, newest first."""

    orders: list[OrderRow]
    page: int
    pages: int
    total: int


def can_come_back(state: str, total: int, paid: int, refunded: int) -> bool:
    """Return whether an order was sent and is not paid. A paid one comes back with its refund."""
    return state in ("shipped", "delivered") and (paid < total or paid == refunded)


def is_unpaid(order: Order) -> bool:
    """Return whether UNPAID holds for an order that was read."""
    return order.state == "placed" and order.paid == 0


def is_unpaid_invoice(order: Order) -> bool:
    """Return whether UNPAID_INVOICE holds for an order that was read."""
    return order.payment == INVOICE and is_unpaid(order)


def is_disputed(session: Session, order_id: int) -> bool:
    """Return whether a dispute keeps an order from being shipped, until staff decide."""
    disputes = select(PaymentDispute.id).where(
        PaymentDispute.order_id == order_id, PaymentDispute.stops_shipping()
    )
    return session.execute(disputes.limit(1)).first() is not None


def has_paid_before(session: Session, user_id: int | None) -> bool:
    """Return whether this account has paid an order and kept what it bought."""
    paid = select(Order.id).where(Order.user_id == user_id, Order.paid > Order.refunded)
    return user_id is not None and session.execute(paid.limit(1)).first() is not None


def find_number(typed: str) -> str | None:
    """Return the number of the order that staff look for by its number, or by the number of another shop."""
    query = select(Order.number).where(Order.number == typed.upper())
    imported = select(Order.number).where(Order.imported_number.in_((typed, f"#{typed}")))
    return db.session.scalar(query) or db.session.scalar(imported.order_by(Order.id.desc()).limit(1))


def find_number_of_customer(typed: str, email: str) -> str | None:
    """Return the number of the order with this number (or this one of another shop) and this canonical address.

    One statement, whether the order exists or not.
    """
    text = "".join(typed.split()).removeprefix("#")
    mine = (Order.number == text.upper()) | Order.imported_number.in_((text, f"#{text}"))
    query = select(Order.number).where(mine, Order.email == email, Order.email != "")
    return db.session.scalar(query.order_by(Order.id.desc()).limit(1))


def find_order(number: str) -> OrderView | None:
    """Return the order with this number, read by three statements; None if it does not exist."""
    order = db.session.execute(select(Order).where(Order.number == number)).scalar_one_or_none()
    return order_view(order) if order is not None else None


def order_view(order: Order) -> OrderView:
    """Return the view of an order that the ORM has loaded."""

    def money(amount: int) -> Money:
        return Money(amount, order.currency)

    lines = [
        LineView(
            id=line.id,
            sku=line.sku,
            label=line.label,
            title=line.title,
            options=line.options,
            quantity=line.quantity,
            unit_price=money(line.unit_price),
            total=money(line.total),
            returnable=line.from_stock - line.returned,
            unreserved=line.unreserved,
        )
        for line in order.lines
    ]
    return OrderView(
        number=order.number,
        user_id=order.user_id,
        email=order.email,
        exact_email=order.exact_email,
        state=order.state,
        goods=money(order.goods),
        delivery_price=money(order.delivery_price),
        tax=money(order.tax),
        total=money(order.total),
        paid=money(order.paid),
        refunded=money(order.refunded),
        prices_include_tax=order.prices_include_tax,
        taxes=order.taxes,
        ship_to=order.ship_to,
        bill_to=order.bill_to,
        delivery=order.delivery,
        payment=order.payment,
        placed_at=order.placed_at,
        access=order.access,
        withheld_mails=order.withheld_mails,
        lines=lines,
        events=[event_view(event, order.currency) for event in order.events],
        payment_ends=order.pay_by if is_unpaid_invoice(order) else None,
        is_reminded=order.reminded_at is not None,
        imported_number=order.imported_number,
        tracking=order.tracking,
    )


def event_view(event: OrderEvent, currency: str) -> EventView:
    """Return the view of an event, whose amount is in this currency."""
    amount = None if event.amount is None else Money(event.amount, currency)
    return EventView(event.at, event.actor, event.kind, amount, event.note)


def belongs_to(user: User) -> ColumnElement[bool]:
    """Return the SQL condition of the orders of an account: its own, and those of a guest with its confirmed address.

    The address must be exactly the one that the account confirmed by a mailed link; only its domain may be written
    in another case. The canonical address alone is not enough: it is the key of limits.
    """
    if not user.confirmed_email:
        return Order.user_id == user.id
    by_address = (Order.email == normalize_email(user.confirmed_email)) & (
        Order.exact_email == user.confirmed_email
    )
    return (Order.user_id == user.id) | (Order.user_id.is_(None) & by_address)


def is_owner(order: OrderView, user: User) -> bool:
    """Return whether `belongs_to` holds for an order that was read."""
    if order.user_id is not None:
        return order.user_id == user.id
    return user.confirmed_email != "" and order.exact_email == user.confirmed_email


def list_account_orders(user: User, page: int = 1) -> OrderPage:
    """Return a page of the orders of an account."""
    return _page([belongs_to(user)], page)


def list_orders(page: int = 1, state: str | None = None, conditions: Sequence[Any] = ()) -> OrderPage:
    """Return a page of all orders, or of those in this state (REFUND_DUE and DISPUTED included).

    Args:
        page: from 1.
        state: the state; None for all.
        conditions: of a search, see `order_search`.
    """
    if state == REFUND_DUE:
        return _page([Order.state == "cancelled", Order.paid > Order.refunded, *conditions], page)
    if state == DISPUTED:
        disputed = select(PaymentDispute.order_id).where(PaymentDispute.stops_shipping())
        return _page([Order.id.in_(disputed), *conditions], page)
    return _page([Order.state == state, *conditions] if state else list(conditions), page)


def export_orders(user_id: int) -> list[dict[str, Any]]:
    """Return the orders of an account as values that JSON can represent."""
    mine = belongs_to(db.session.get_one(User, user_id))
    rows = db.session.execute(select(Order).where(mine).order_by(Order.id)).scalars()
    return [
        {name: getattr(row, name) for name in _EXPORTED_COLUMNS}
        | {"lines": [{name: getattr(line, name) for name in _EXPORTED_LINE_COLUMNS} for line in row.lines]}
        for row in rows
    ]


def _page(conditions: list[Any], page: int) -> OrderPage:
    total = db.session.execute(select(func.count(Order.id)).where(*conditions)).scalar_one()
    newest_first = select(Order).where(*conditions).order_by(Order.placed_at.desc(), Order.id.desc())
    rows = db.session.scalars(newest_first.limit(PER_PAGE).offset((page - 1) * PER_PAGE)).all()
    sums = db.session.execute(
        select(OrderLine.order_id, func.sum(OrderLine.quantity))
        .where(OrderLine.order_id.in_([row.id for row in rows]))
        .group_by(OrderLine.order_id)
    )
    quantities = {order_id: quantity for order_id, quantity in sums}  # noqa: C416  # dict() of rows is not typed
    orders = [
        OrderRow(
            row.number,
            row.email,
            row.state,
            Money(row.total, row.currency),
            quantities.get(row.id, 0),
            row.placed_at,
            row.imported_number,
        )
        for row in rows
    ]
    return OrderPage(orders, page, max(1, -(-total // PER_PAGE)), total)
