"""Export orders as a CSV with Shopify's columns: a row for each line; the first row of an order has its own cells."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import selectinload

from storefront.checkout.models import Order, OrderEvent, OrderLine
from storefront.extensions import db
from storefront.money import Money
from storefront.sheets.writer import CsvWriter

BATCH = 200
# Of Shopify's 70 and more columns, those that an order of this shop can fill, in Shopify's order.
ADDRESS_COLUMNS = {
    "name": "Name",
    "line1": "Address1",
    "line2": "Address2",
    "company": "Company",
    "city": "City",
    "postcode": "Zip",
    "region": "Province",
    "country": "Country",
    "phone": "Phone",
}
LINE_COLUMNS = ("Lineitem quantity", "Lineitem name", "Lineitem price", "Lineitem sku")
HEADER = (
    "Name",
    "Email",
    "Financial Status",
    "Paid at",
    "Fulfillment Status",
    "Fulfilled at",
    "Currency",
    "Subtotal",
    "Shipping",
    "Taxes",
    "Total",
    "Shipping Method",
    "Created at",
    *LINE_COLUMNS,
    *(f"Billing {name}" for name in ADDRESS_COLUMNS.values()),
    *(f"Shipping {name}" for name in ADDRESS_COLUMNS.values()),
    "Cancelled at",
    "Payment Method",
    "Refunded Amount",
    "Outstanding Balance",
    "Id",
    "Source",
    "Tax 1 Name",
    "Tax 1 Value",
)


def export_orders(writer: CsvWriter, *, since: datetime | None, until: datetime | None) -> int:
    """Write the orders that were placed from `since` to before `until`, oldest first; return their number.

    Money is written in units of the order's currency, times in UTC. Memory use does not grow with the orders.
    """
    writer.write_row(HEADER)
    number = 0
    for order in _read_orders(since, until):
        number += 1
        shared, own = (
            {"Name": order.imported_number or order.number, "Email": order.email},
            _order_cells(order),
        )
        for place, line in enumerate(order.lines):
            cells = shared | (own if place == 0 else {}) | _line_cells(line, order.currency)
            writer.write_row(cells.get(name, "") for name in HEADER)
    return number


def _read_orders(since: datetime | None, until: datetime | None) -> Iterator[Order]:
    last = 0
    conditions = [Order.placed_at >= since] if since else []
    conditions += [Order.placed_at < until] if until else []
    while True:
        query = select(Order).where(Order.id > last, *conditions).order_by(Order.id).limit(BATCH)
        loaded = query.options(selectinload(Order.lines), selectinload(Order.events))
        batch = db.session.execute(loaded).scalars().all()
        if not batch:
            return
        yield from batch
        last = batch[-1].id
        db.session.expunge_all()


def _order_cells(order: Order) -> dict[str, Any]:
    def money(amount: int) -> str:
        return write_amount(amount, order.currency)

    tax = order.taxes[0] if len(order.taxes) == 1 else {}
    return {
        "Financial Status": financial_status(order),
        "Paid at": _time_of(order.events, "paid"),
        "Fulfillment Status": "fulfilled" if order.state in ("shipped", "delivered") else "unfulfilled",
        "Fulfilled at": _time_of(order.events, "shipped"),
        "Currency": order.currency,
        "Subtotal": money(order.goods),
        "Shipping": money(order.delivery_price),
        "Taxes": money(order.tax),
        "Total": money(order.total),
        "Shipping Method": order.delivery,
        "Created at": write_time(order.placed_at),
        **_address_cells("Billing", order.bill_to or order.ship_to),
        **_address_cells("Shipping", order.ship_to),
        "Cancelled at": _time_of(order.events, "cancelled"),
        "Payment Method": order.payment,
        "Refunded Amount": money(order.refunded),
        "Outstanding Balance": money(0 if order.state == "cancelled" else max(0, order.total - order.paid)),
        "Id": order.number,
        "Source": "import" if order.imported_number else "web",
        "Tax 1 Name": f"Tax {Decimal(tax['rate']) / 1000:f}%" if tax else "",
        "Tax 1 Value": money(order.tax) if tax else "",
    }


def financial_status(order: Order) -> str:
    """Return the order's "Financial Status" in Shopify's words."""
    if order.refunded:
        return "refunded" if order.refunded >= order.paid else "partially_refunded"
    if order.state == "cancelled" and not order.paid:
        return "voided"
    if not order.paid:
        return "pending" if order.total else "paid"
    return "paid" if order.paid >= order.total else "partially_paid"


def _line_cells(line: OrderLine, currency: str) -> dict[str, Any]:
    values = (
        line.quantity,
        f"{line.title} - {line.options}" if line.options else line.title,
        write_amount(line.unit_price, currency),
        line.label,
    )
    return dict(zip(LINE_COLUMNS, values, strict=True))


def _address_cells(kind: str, address: Mapping[str, Any]) -> dict[str, str]:
    return {f"{kind} {column}": str(address.get(name) or "") for name, column in ADDRESS_COLUMNS.items()}


def _time_of(events: list[OrderEvent], kind: str) -> str:
    return next((write_time(event.at) for event in events if event.kind == kind), "")


def write_time(time: datetime) -> str:
    """Return a time as Shopify writes it: "2026-11-28 21:40:00 +0000"."""
    return f"{time.astimezone(UTC):%Y-%m-%d %H:%M:%S %z}"


def write_amount(amount: int, currency: str) -> str:
    """Return an amount in minor units as a decimal number of the currency, such as "19.90"."""
    return Money(amount, currency).plain
