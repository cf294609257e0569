"""What staff, tokens, payment providers and the shop itself did to orders, for the history of the office."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from storefront.checkout.contact_fields import describe_fields
from storefront.checkout.models import ACTOR_KIND, ACTOR_LETTERS, Order, OrderEvent
from storefront.extensions import db
from storefront.history.reading import HistoryFilter
from storefront.money import Money

_OTHERS = ("customer", "import")  # kinds of actors whose events are no work on orders


@dataclass(frozen=True, slots=True)
class OrderStep:
    """An event of an order, with the order's number. `fields`: as `EventView.fields`."""

    id: int
    at: datetime
    actor: str
    kind: str
    amount: Money | None
    note: str
    number: str
    fields: Sequence[tuple[str, str, str]]


def read_steps(wanted: HistoryFilter, before: int | None, limit: int) -> Sequence[OrderStep]:
    """Return the newest events before the one with this id, but those of customers and of imported orders.

    Orders that are placed are left out, too: customers place them.

    One statement, which reads a range of an index. The filter's `kind` and `product_id` mean nothing here.
    """
    columns = (
        OrderEvent.id,
        OrderEvent.at,
        OrderEvent.actor,
        OrderEvent.kind,
        OrderEvent.amount,
        OrderEvent.note,
        OrderEvent.fields,
    )
    query = select(*columns, Order.number, Order.currency).join(Order, Order.id == OrderEvent.order_id)
    query = query.where(OrderEvent.kind != "placed")
    if wanted.actor:
        query = query.where(OrderEvent.actor == wanted.actor)
    if wanted.actor_kind:
        query = query.where(ACTOR_KIND.in_([wanted.actor_kind[:ACTOR_LETTERS]]))
    else:
        query = query.where(ACTOR_KIND.not_in([kind[:ACTOR_LETTERS] for kind in _OTHERS]))
    if wanted.since and wanted.until:
        query = query.where(OrderEvent.at >= wanted.since, OrderEvent.at < wanted.until)
    if before is not None:
        at = select(OrderEvent.at).where(OrderEvent.id == before).scalar_subquery()
        query = query.where(OrderEvent.at <= at, (OrderEvent.at < at) | (OrderEvent.id < before))
    rows = db.session.execute(query.order_by(OrderEvent.at.desc(), OrderEvent.id.desc()).limit(limit))
    return [
        OrderStep(
            row.id,
            row.at,
            row.actor,
            row.kind,
            None if row.amount is None else Money(row.amount, row.currency),
            row.note,
            row.number,
            describe_fields(row.fields),
        )
        for row in rows
    ]
