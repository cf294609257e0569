"""Orders in the API's format, and the changes of their state that the API allows."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence, Set
from math import ceil
from typing import Any, cast

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from storefront.actors import describe_actors, parse_actor
from storefront.api.schemas import Order, OrderEvent, OrderLine, OrderList, OrderState, Price
from storefront.checkout import models, order_events, orders, queries, shipping
from storefront.checkout.errors import NoSuchOrderError
from storefront.checkout.payment import cancellation
from storefront.extensions import db

PER_PAGE = 50
TRANSITIONS: dict[str, Callable[..., Any]] = {
    "shipped": shipping.mark_shipped,
    "delivered": shipping.mark_delivered,
    "cancelled": orders.cancel,
}


def list_orders(page: int, state: str | None) -> OrderList:
    """Return a page of orders, the newest first."""
    conditions = [models.Order.state == state] if state else []
    total = db.session.execute(select(func.count(models.Order.id)).where(*conditions)).scalar_one()
    wanted = select(models.Order).where(*conditions).order_by(models.Order.id.desc())
    rows = db.session.execute(wanted.limit(PER_PAGE).offset((page - 1) * PER_PAGE)).scalars().all()
    return OrderList(_build_orders(db.session(), rows), page, ceil(total / PER_PAGE), total)


def find_order(number: str) -> Order:
    """Return an order.

    Raises:
        NoSuchOrderError: there is no order with this number.
    """
    found = select(models.Order).where(models.Order.number == number)
    row = db.session.execute(found).scalar_one_or_none()
    if row is None:
        raise NoSuchOrderError
    return _build_orders(db.session(), [row])[0]


def change_state(session: Session, number: str, state: str, *, note: str) -> Order:
    """Change the state of an order; return the order.

    Raises:
        NoSuchOrderError: there is no order with this number.
        OrderError: the order cannot change from its present state to this one.
    """
    TRANSITIONS[state](session, number, note=note)
    return _build_orders(session, [order_events.lock_order(session, number)])[0]


def close_payment_and_refund(number: str) -> None:
    """Close the payment of a cancelled order at its provider, and refund it. Call it without an open transaction."""
    if (order := queries.find_order(number)) is not None:
        cancellation.close_payment_and_refund(order)


def _build_orders(session: Session, rows: Sequence[models.Order]) -> list[Order]:
    ids = [row.id for row in rows]
    lines = _by_order(session, models.OrderLine, ids)
    events = _by_order(session, models.OrderEvent, ids)
    actors = _describe_actors({event.actor for found in events.values() for event in found})
    return [_build_order(row, lines.get(row.id, []), events.get(row.id, []), actors) for row in rows]


def _describe_actors(texts: Set[str]) -> dict[str, str]:
    """Return actors as this API has always named them: customers and the shop by their role, all others by name."""
    roles = {"customer": "customer", "system": "shop"}
    kinds = {text: actor.kind for text in texts if (actor := parse_actor(text)) is not None}
    by_role = {text: roles[kind] for text, kind in kinds.items() if kind in roles}
    return by_role | describe_actors(texts - by_role.keys())


def _by_order(session: Session, model: Any, ids: Sequence[int]) -> dict[int, list[Any]]:
    found: dict[int, list[Any]] = {}
    for row in session.execute(select(model).where(model.order_id.in_(ids)).order_by(model.id)).scalars():
        found.setdefault(row.order_id, []).append(row)
    return found


def _build_order(
    row: models.Order,
    lines: Sequence[models.OrderLine],
    events: Sequence[models.OrderEvent],
    actors: Mapping[str, str],
) -> Order:
    def price(amount: int) -> Price:
        return Price(amount, row.currency)

    return Order(
        number=row.number,
        state=cast("OrderState", row.state),
        email=row.email,
        total=price(row.total),
        goods=price(row.goods),
        delivery_price=price(row.delivery_price),
        tax=price(row.tax),
        paid=price(row.paid),
        refunded=price(row.refunded),
        delivery=row.delivery,
        payment=row.payment,
        ship_to=row.ship_to,
        bill_to=row.bill_to,
        lines=[
            OrderLine(x.sku, x.label, x.title, x.options, x.quantity, price(x.unit_price), price(x.total))
            for x in lines
        ],
        events=[
            OrderEvent(
                x.at, x.kind, actors[x.actor], price(x.amount) if x.amount is not None else None, x.note
            )
            for x in events
        ],
        placed_at=row.placed_at,
    )
