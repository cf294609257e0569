"""What the shop took, for the first page of the back office: orders and money of days and weeks, and open work."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Label, Select, case, func, select

from storefront.checkout.models import Order
from storefront.checkout.order_states import IS_REFUND_DUE, REFUND_DUE
from storefront.joint_queries import read_together
from storefront.money import Money

_WAITING = {
    "paid": Order.state == "paid",
    "placed": Order.state == "placed",
    REFUND_DUE: IS_REFUND_DUE,
}


@dataclass(slots=True)
class Takings:
    """Orders placed in a period that were not cancelled.

    Attributes:
        orders: how many.
        totals: what they cost, by currency.
        received: what was paid and not refunded, by currency.
    """

    orders: int = 0
    totals: dict[str, Money] = field(default_factory=dict)
    received: dict[str, Money] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Period:
    """A period from its first moment to the one after its last."""

    name: str
    start: datetime
    end: datetime

    def contains(self) -> ColumnElement[bool]:
        """Return the SQL condition that an order was placed in it."""
        return (Order.placed_at >= self.start) & (Order.placed_at < self.end)


def periods(now: datetime, timezone: ZoneInfo) -> tuple[Period, ...]:
    """Return today and this week so far, and the same parts of the week before, in the shop's time zone.

    Weeks begin on Monday (ISO 8601). A day that a change of clocks makes longer is one day all the same.
    """
    here = now.astimezone(timezone)
    week = timedelta(days=7)

    def midnight(days: int) -> datetime:
        return datetime.combine(here.date() - timedelta(days=days), time(), timezone)

    before = datetime.combine(here.date() - week, here.time(), timezone)
    today, monday = midnight(0), midnight(here.weekday())
    return (
        Period("today", today, here),
        Period("today-before", midnight(7), before),
        Period("week", monday, here),
        Period("week-before", midnight(here.weekday() + 7), before),
    )


def read_takings(wanted: tuple[Period, ...]) -> tuple[Mapping[str, Takings], dict[str, int]]:
    """Return the takings of each period by its name, and how many orders wait for staff, with one statement.

    The orders that wait are counted by the state under which `/admin/orders` lists them.
    """
    sums, (counts,) = read_together(_sum_up(wanted), select(*_count_open_work()))
    found = {period.name: Takings() for period in wanted}
    for currency, *numbers in sums:
        for place, period in enumerate(wanted):
            orders, total, received = (int(number) for number in numbers[3 * place : 3 * place + 3])
            if orders:
                takings = found[period.name]
                takings.orders += orders
                takings.totals[currency] = Money(total, currency)
                takings.received[currency] = Money(received, currency)
    return found, dict(zip(_WAITING, (int(count) for count in counts), strict=True))


def _sum_up(wanted: tuple[Period, ...]) -> Select[*tuple[Any, ...]]:
    kept = Order.state != "cancelled"
    columns: list[Label[Any]] = []
    for period in wanted:
        inside = kept & period.contains()
        for value in (1, Order.total, Order.paid - Order.refunded):
            total = func.coalesce(func.sum(case((inside, value), else_=0)), 0)
            columns.append(total.label(f"value_{len(columns)}"))
    since, until = min(period.start for period in wanted), max(period.end for period in wanted)
    return (
        select(Order.currency, *columns)
        .where(Order.placed_at >= since, Order.placed_at < until)
        .group_by(Order.currency)
    )


def _count_open_work() -> list[Label[int]]:
    return [
        select(func.count(Order.id)).where(condition).scalar_subquery().label(f"count_{place}")
        for place, condition in enumerate(_WAITING.values())
    ]
