"""The events of an order: each is recorded while the order's row is locked.

`changed` fires for every event, in the transaction that records it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from storefront.actors import MAX_LENGTH, actor_text
from storefront.app_state import Hook
from storefront.checkout.errors import NoSuchOrderError
from storefront.checkout.models import Order, OrderEvent, OrderEventKind


@dataclass(frozen=True, slots=True)
class OrderChange:
    """An event of an order, and the order as it is after the event. Amounts are in minor units of `currency`.

    `is_tracking`: the note gives the parcel's number after the shipment, which the customer has to know.
    `locale`: the further language in which the order was placed; empty: the shop's own.
    """

    order_id: int
    number: str
    email: str
    payment: str
    state: str
    currency: str
    total: int
    paid: int
    refunded: int
    event_id: int
    kind: str
    actor: str
    at: datetime
    is_tracking: bool = False
    locale: str = ""


changed = Hook[[Session, OrderChange], None]("checkout.order_changed")
"""Fires for every event of every order, `placed` included. A handler must not wait for a network."""


def record_event(
    session: Session,
    order: Order,
    kind: OrderEventKind,
    *,
    actor: str = "",
    amount: int | None = None,
    note: str = "",
    is_tracking: bool = False,
    fields: dict[str, list[str]] | None = None,
) -> OrderEvent:
    """Write an event of an order and fire `changed`. Its actor is the current one, or the one of the given text."""
    text = actor[:MAX_LENGTH] or actor_text()
    event = OrderEvent(order=order, kind=kind, actor=text, amount=amount, note=note[:1000], fields=fields)
    session.add(event)
    session.flush()
    change = OrderChange(
        order_id=order.id,
        number=order.number,
        email=order.email,
        payment=order.payment,
        state=order.state,
        currency=order.currency,
        total=order.total,
        paid=order.paid,
        refunded=order.refunded,
        event_id=event.id,
        kind=event.kind,
        actor=event.actor,
        at=event.at,
        is_tracking=is_tracking,
        locale=order.locale,
    )
    changed.fire(session, change)
    return event


def lock_order(session: Session, number: str) -> Order:
    """Return the order, and lock its row until the end of the transaction.

    Raises:
        NoSuchOrderError: no order has this number.
    """
    order = session.execute(
        select(Order)
        .where(Order.number == number)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).scalar_one_or_none()
    if order is None:
        raise NoSuchOrderError
    return order
