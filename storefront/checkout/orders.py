"""Verbs on an order: each locks it, changes it if that is allowed, and writes down what happened.

All run in the caller's transaction. Rooms and providers that want to know are told inside it (`on_event`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from flask import Flask, current_app
from sqlalchemy import select
from sqlalchemy.orm import Session

from storefront import stock
from storefront.checkout.errors import NoSuchOrderError, OrderError
from storefront.checkout.models import Order, OrderEvent, OrderEventKind
from storefront.money import Money

# Called inside the transaction with the session, the order and what happened to it; never waits for a network.
Listener = Callable[[Session, Order, OrderEvent], None]

_ALLOWED_FROM = {
    "shipped": ("placed", "paid"),
    "delivered": ("shipped",),
    "cancelled": ("placed", "paid"),
}


def on_event(app: Flask, listener: Listener) -> None:
    """Have this called, in the transaction, with every event of every order, `placed` included."""
    app.extensions.setdefault("order_listeners", []).append(listener)


def record_event(
    session: Session,
    order: Order,
    kind: OrderEventKind,
    *,
    actor: str,
    amount: int | None = None,
    note: str = "",
) -> OrderEvent:
    """Write down what happened to an order, and tell who wants to know."""
    event = OrderEvent(order=order, kind=kind, actor=actor[:255], amount=amount, note=note[:1000])
    session.add(event)
    session.flush()
    tell(session, order, event)
    return event


def tell(session: Session, order: Order, event: OrderEvent) -> None:
    """Tell who wants to know what has just been written down."""
    listener: Listener
    for listener in current_app.extensions.get("order_listeners", ()):
        listener(session, order, event)


def record_payment(
    session: Session, number: str, amount: int, currency: str, *, actor: str, note: str = ""
) -> OrderEvent:
    """Write down money that has come in, whatever the state: a cancelled order's has to be given back.

    Raises:
        OrderError: the currency is another, the amount is not positive or more than is still to be paid.
    """
    order = lock_order(session, number)
    if currency != order.currency:
        raise OrderError(f"The order is in {order.currency}, the payment in {currency}.")
    if not 0 < amount <= order.total - order.paid:
        raise OrderError(
            f"{_money(order, order.total - order.paid)} are to be paid, not {_money(order, amount)}."
        )
    order.paid += amount
    if order.state == "placed" and order.paid == order.total:
        order.state = "paid"
    return record_event(session, order, "paid", actor=actor, amount=amount, note=note)


def mark_shipped(session: Session, number: str, *, actor: str, note: str = "") -> OrderEvent:
    """The goods are on their way."""
    return _advance(session, number, "shipped", actor, note)


def mark_delivered(session: Session, number: str, *, actor: str, note: str = "") -> OrderEvent:
    """The goods have arrived."""
    return _advance(session, number, "delivered", actor, note)


def cancel(session: Session, number: str, *, actor: str, note: str = "") -> OrderEvent:
    """Call an order off before it is shipped; what it took comes back into stock. Money is given back by `refund`."""
    order = lock_order(session, number)
    _check_transition(order, "cancelled")
    _restock(
        session, order, {line.id: line.from_stock - line.returned for line in order.lines}, actor, "cancelled"
    )
    order.state = "cancelled"
    return record_event(session, order, "cancelled", actor=actor, note=note)


def record_refund(
    session: Session, number: str, amount: int, *, actor: str, note: str = "",
    returned: Mapping[int, int] | None = None,
) -> OrderEvent:  # fmt: skip
    """Give money back, in part or whole; of what was paid, never more.

    Args:
        session: of the transaction.
        number: the order's.
        amount: in minor units.
        actor: who does it.
        note: why, for the log.
        returned: how many of which lines (by id) have come back and go into stock again.

    Raises:
        OrderError: more than was paid, or more than was sold of a line.
    """
    order = lock_order(session, number)
    if not 0 < amount <= order.paid - order.refunded:
        raise OrderError(
            f"{_money(order, order.paid - order.refunded)} can be refunded, not {_money(order, amount)}."
        )
    _restock(session, order, returned or {}, actor, "refunded")
    order.refunded += amount
    if order.refunded == order.total and order.state != "cancelled":
        order.state = "refunded"
    return record_event(session, order, "refunded", actor=actor, amount=amount, note=note)


def record_failed_refund(
    session: Session, number: str, amount: int, *, actor: str, note: str = ""
) -> OrderEvent:
    """Money that was on its way back has not arrived: it can be refunded again. Goods stay where they are.

    Raises:
        OrderError: so much was never refunded.
    """
    order = lock_order(session, number)
    if not 0 < amount <= order.refunded:
        raise OrderError(f"{_money(order, order.refunded)} were refunded, not {_money(order, amount)}.")
    order.refunded -= amount
    if order.state == "refunded":
        order.state = ["paid", *(e.kind for e in order.events if e.kind in ("shipped", "delivered"))][-1]
    text = f"The refund {note} of {_money(order, amount)} failed: that can be refunded again."
    return record_event(session, order, "note", actor=actor, note=text)


def add_note(session: Session, number: str, text: str, *, actor: str) -> OrderEvent:
    """Write a remark into the order's log."""
    return record_event(session, lock_order(session, number), "note", actor=actor, note=text)


def lock_order(session: Session, number: str) -> Order:
    """Return the order, so that nobody else changes it until the end of this transaction."""
    order = session.execute(
        select(Order)
        .where(Order.number == number)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).scalar_one_or_none()
    if order is None:
        raise NoSuchOrderError
    return order


def _advance(session: Session, number: str, state: OrderEventKind, actor: str, note: str) -> OrderEvent:
    order = lock_order(session, number)
    _check_transition(order, state)
    order.state = state
    return record_event(session, order, state, actor=actor, note=note)


def _check_transition(order: Order, state: str) -> None:
    if order.state not in _ALLOWED_FROM[state]:
        raise OrderError(f"An order that is {order.state} cannot become {state}.")


def _restock(session: Session, order: Order, returned: Mapping[int, int], actor: str, reason: str) -> None:
    lines = {line.id: line for line in order.lines}
    if unknown := returned.keys() - lines.keys():
        raise OrderError(f"The order has no line {min(unknown)}.")
    for key in sorted(returned, key=lambda key: lines[key].sku):
        line, number = lines[key], returned[key]
        if not 0 <= number <= line.from_stock - line.returned:
            raise OrderError(
                f"{line.from_stock - line.returned} of {line.title} can come back into stock, not {number}."
            )
        if number:
            stock.return_to_stock(
                session, line.sku, number, reference=order.number, actor=actor, reason=reason
            )
            line.returned += number


def _money(order: Order, amount: int) -> str:
    return Money(amount, order.currency).format(current_app.config["LOCALE"])
