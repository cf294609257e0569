"""The orders that are to be packed, as their packing slips show them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import selectinload

from storefront.checkout.models import Order, PaymentDispute
from storefront.checkout.order_view import LineView, OrderView, order_view
from storefront.extensions import db

# States in which an order may be packed; an order by invoice may be sent before it is paid.
STATES = ("paid", "placed")


@dataclass(frozen=True, slots=True)
class PackingSlip:
    """An order for those who pack it. `lines`: the quantity that is to be packed, and what of."""

    order: OrderView
    lines: list[tuple[int, LineView]]


def make_slip(order: OrderView) -> PackingSlip:
    """Return the slip of an order: goods that came back, or that were refunded into stock, are not packed."""
    packed = [(line.quantity - line.returned, line) for line in order.lines]
    return PackingSlip(order, [(quantity, line) for quantity, line in packed if quantity])


def list_slips(numbers: Sequence[str]) -> list[PackingSlip]:
    """Return the slips of these orders, in this order, with three statements.

    Orders that have nothing to send, that are not in one of STATES, or whose payment is disputed have none.
    """
    disputed = select(PaymentDispute.order_id).where(PaymentDispute.stops_shipping())
    query = select(Order).where(
        Order.number.in_(numbers), Order.state.in_(STATES), Order.delivery != "", Order.id.not_in(disputed)
    )
    loaded = query.options(selectinload(Order.lines), selectinload(Order.events))
    found = {order.number: order_view(order) for order in db.session.execute(loaded).scalars()}
    slips = [make_slip(found[number]) for number in numbers if number in found]
    return [slip for slip in slips if slip.lines]
