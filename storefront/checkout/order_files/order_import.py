"""Import orders of another shop as history: no stock is taken, no letter is written, no webhook is called."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby, islice
from pathlib import Path

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from storefront.accounts.models import User
from storefront.actors import actor_text, importing
from storefront.batches import batches
from storefront.catalog.models import Variant
from storefront.checkout.models import Order, OrderEvent, OrderEventKind, OrderLine, OrderNameWord
from storefront.checkout.order_files.order_export import HEADER
from storefront.checkout.order_files.order_rows import (
    REQUIRED,
    ImportedLine,
    ImportedOrder,
    Numbers,
    RowError,
    parse_order,
)
from storefront.checkout.order_search import name_keys, name_words
from storefront.extensions import write_transaction
from storefront.money import Money
from storefront.sheets.named_rows import NamedRow, NamedTable, open_named_table

BATCH = 200
NUMBER_COLUMNS = (
    "total",
    "subtotal",
    "shipping",
    "taxes",
    "lineitem price",
    "lineitem quantity",
    "refunded amount",
    "outstanding balance",
)
_EVENTS: tuple[OrderEventKind, ...] = ("placed", "paid", "shipped", "cancelled")


@dataclass(slots=True)
class OrderImportReport:
    """The result: orders that were created and that were there already, and a sentence for each refused one."""

    created: int = 0
    present: int = 0
    refused: list[str] = field(default_factory=list)


def import_orders(
    path: Path,
    *,
    currency: str,
    encoding: str | None = None,
    dry_run: bool = False,
    progress: Callable[[int], None] | None = None,
) -> OrderImportReport:
    """Import the orders of a file. Each goes in as a whole or not at all; one that is there already is left alone.

    Args:
        path: a CSV file with the columns of Shopify's orders export.
        currency: of orders that name none.
        encoding: of the file; None detects it.
        dry_run: check everything, and write nothing.
        progress: called with the number of orders that were looked at so far.

    Raises:
        UnreadableFileError: the file is not an orders export.
    """
    known = {name.casefold() for name in HEADER}
    table = open_named_table(path, known, REQUIRED, what="an orders export", encoding=encoding)
    numbers = Numbers(table.number_readers([name for name in NUMBER_COLUMNS if name in table.columns]))
    report = OrderImportReport()
    orders = _parse(table, numbers, currency, report)
    done = 0
    for batch in batches(orders, BATCH):
        with importing(), write_transaction() as session:
            new = _without_present(session, batch)
            if not dry_run:
                _write(session, new)
        report.created += len(new)
        report.present += len(batch) - len(new)
        done += len(batch)
        if progress:
            progress(done)
    return report


def _parse(
    table: NamedTable, numbers: Numbers, currency: str, report: OrderImportReport
) -> Iterator[ImportedOrder]:
    """Yield the orders that can be used; the rows of one order follow each other, as in every export."""
    seen: set[str] = set()
    with table.rows() as rows:
        for name, group in groupby(rows, key=lambda row: row.cells.get("name", "").strip()):
            found = list(islice(group, 2000))
            try:
                _check_rows(name, found, seen)
                order = parse_order([row.cells for row in found], numbers, currency)
            except RowError as error:
                title = f"order {name}" if name else "a row without order"
                report.refused.append(f"line {found[0].line}, {title}: {error}")
                continue
            seen.add(name)
            yield order


def _check_rows(name: str, rows: Sequence[NamedRow], seen: Collection[str]) -> None:
    if not name:
        raise RowError("name: is empty")
    if len(name) > 64:
        raise RowError("name: is longer than 64 characters")
    if name in seen:
        raise RowError("name: its rows stand apart; sort the file by the column Name, and import it again")
    if damaged := next((row for row in rows if row.damage), None):
        raise RowError(f"line {damaged.line} {damaged.damage}")


def _without_present(session: Session, orders: Sequence[ImportedOrder]) -> list[ImportedOrder]:
    numbers = [order.number for order in orders]
    present = set(session.scalars(select(Order.imported_number).where(Order.imported_number.in_(numbers))))
    # Our own export names orders of this shop by their own numbers.
    present |= set(session.scalars(select(Order.number).where(Order.number.in_(numbers))))
    return [order for order in orders if order.number not in present]


def _write(session: Session, orders: Sequence[ImportedOrder]) -> None:
    emails = {order.values["email"] for order in orders}
    owners = {
        row.email: row.id
        for row in session.execute(select(User.email, User.id).where(User.email.in_(emails)))
    }
    codes = _codes_of({line.label for order in orders for line in order.lines if line.label}, session)
    for order in orders:
        row = Order(
            **order.values,
            imported_number=order.number,
            **name_keys(str(order.values["ship_to"].get("name", ""))),
            user_id=owners.get(order.values["email"]),
            request_digest=hashlib.sha256(f"import:{order.number}".encode()).hexdigest(),
        )
        row.name_words = [
            OrderNameWord(word=word)
            for word in name_words(order.values["ship_to"], order.values.get("bill_to"))
        ]
        row.lines = [_line(line, codes) for line in order.lines]
        row.events = list(_events(order))
        session.add(row)


def _codes_of(labels: Collection[str], session: Session) -> dict[str, str]:
    """Return the code of the variant of each label that one variant has."""
    query = (
        select(Variant.label, func.min(Variant.sku))
        .where(Variant.label.in_(labels))
        .group_by(Variant.label)
        .having(func.count() == 1)
    )
    return {label: code for label, code in session.execute(query)}  # noqa: C416  # dict() of rows is not typed


def _line(line: ImportedLine, codes: dict[str, str]) -> OrderLine:
    return OrderLine(
        sku=codes.get(line.label, line.label),
        label=line.label,
        title=line.title,
        quantity=line.quantity,
        unit_price=line.unit_price,
        tax_rate=0,
        tax=0,
        total=line.quantity * line.unit_price,
    )


def _events(order: ImportedOrder) -> Iterator[OrderEvent]:
    """Yield the order's log as far as the file knows it. They are written directly: nobody is told of history."""
    actor = actor_text()
    for kind in _EVENTS:
        if kind in order.times:
            amount = order.values["paid"] if kind == "paid" else None
            yield OrderEvent(at=order.times[kind], actor=actor, kind=kind, amount=amount)
    notes = [f"Imported; its number was {order.number}."]
    if order.discount:
        discount = Money(order.discount, order.values["currency"])
        notes.append(f"Discount: {discount.plain} {discount.currency}.")
    yield OrderEvent(actor=actor, kind="note", note=" ".join(filter(None, (*notes, order.note)))[:1000])
