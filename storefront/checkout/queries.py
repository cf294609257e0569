"""Reads orders for pages, mails and exports."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from storefront.accounts.models import User
from storefront.checkout.models import Order, OrderLine, PaymentDispute
from storefront.checkout.order_states import DISPUTED, IS_REFUND_DUE, REFUND_DUE
from storefront.checkout.order_view import OrderView, order_view
from storefront.extensions import db
from storefront.mail.email_address import normalize_email
from storefront.money import Money
from storefront.unicode_text import normalize

PER_PAGE = 50
_EXPORTED_COLUMNS = tuple(
    "number imported_number placed_at state email currency goods delivery_price tax total paid refunded delivery"
    " payment ship_to bill_to".split()
)
_EXPORTED_LINE_COLUMNS = ("sku", "label", "title", "options", "quantity", "unit_price", "total")


@dataclass(frozen=True, slots=True)
class OrderRow:
    """An order in a list. `name` is whose goods they are: the recipient, or the payer of goods without delivery."""

    number: str
    name: str
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
    own, earlier = _spellings_of_number(typed)
    query = select(Order.number).where(Order.number.in_(own))
    imported = select(Order.number).where(Order.imported_number.in_(earlier))
    return db.session.scalar(query) or db.session.scalar(imported.order_by(Order.id.desc()).limit(1))


def find_number_of_customer(typed: str, email: str) -> str | None:
    """Return the number of the order with this number (or this one of another shop) and this canonical address.

    One statement, whether the order exists or not.
    """
    own, earlier = _spellings_of_number(typed)
    mine = Order.number.in_(own) | Order.imported_number.in_(earlier)
    query = select(Order.number).where(mine, Order.email == email, Order.email != "")
    return db.session.scalar(query.order_by(Order.id.desc()).limit(1))


def _spellings_of_number(typed: str) -> tuple[set[str], set[str]]:
    """Return what a typed number may be as one of this shop, and as one of an earlier shop ("#1001").

    People also type it in full width, in groups, or with a word before it ("Order ABC").
    """
    words = normalize("NFKC", typed).split()
    texts = {"".join(words).removeprefix("#"), "".join(words[-1:]).removeprefix("#")}
    own = {"".join(sign for sign in text.upper() if sign.isalnum()) for text in texts}
    return own, texts | {f"#{text}" for text in texts}


def find_order(number: str) -> OrderView | None:
    """Return the order with this number, read by three statements; None if it does not exist."""
    order = db.session.execute(select(Order).where(Order.number == number)).scalar_one_or_none()
    return order_view(order) if order is not None else None


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


def read_account_orders(user: User, page: int = 1) -> tuple[OrderPage, list[Money]]:
    """Return a page of the orders of an account, and what the shop kept of its payments, by currency."""
    sums = select(Order.currency, func.count(), func.sum(Order.paid - Order.refunded))
    found = db.session.execute(sums.where(belongs_to(user)).group_by(Order.currency)).all()
    total = sum(number for _currency, number, _kept in found)
    return _page([belongs_to(user)], page, total), [Money(int(kept), currency) for currency, _, kept in found]


def list_orders(page: int = 1, state: str | None = None, conditions: Sequence[Any] = ()) -> OrderPage:
    """Return a page of all orders, or of those in this state (REFUND_DUE and DISPUTED included).

    Args:
        page: from 1.
        state: the state; None for all.
        conditions: of a search, see `order_search`.
    """
    if state == REFUND_DUE:
        return _page([IS_REFUND_DUE, *conditions], page)
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


def _page(conditions: list[Any], page: int, total: int | None = None) -> OrderPage:
    if total is None:
        total = db.session.execute(select(func.count(Order.id)).where(*conditions)).scalar_one()
    quantity = select(func.sum(OrderLine.quantity)).where(OrderLine.order_id == Order.id).scalar_subquery()
    newest_first = (
        select(Order, quantity).where(*conditions).order_by(Order.placed_at.desc(), Order.id.desc())
    )
    rows = db.session.execute(newest_first.limit(PER_PAGE).offset((page - 1) * PER_PAGE)).all()
    orders = [
        OrderRow(
            row.number,
            (row.ship_to or row.bill_to or {}).get("name", ""),
            row.email,
            row.state,
            Money(row.total, row.currency),
            pieces or 0,
            row.placed_at,
            row.imported_number,
        )
        for row, pieces in rows
    ]
    return OrderPage(orders, page, max(1, -(-total // PER_PAGE)), total)
