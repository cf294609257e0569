"""The rows of one order in a file, parsed and checked: what the import stores of it.

The columns are those of Shopify's orders export. The first row of an order has the order's own cells; each has
a line.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, TypeVar

from storefront.checkout.models import OrderState
from storefront.checkout.order_files.order_export import ADDRESS_COLUMNS
from storefront.checkout.tax import HUNDRED_PERCENT
from storefront.errors import ConfigurationError
from storefront.mail.email_address import normalize_email
from storefront.money import check_currency, minor_units
from storefront.postal.address_rules import MAX_LENGTHS
from storefront.postal.countries import MAX_COUNTRY, find_country
from storefront.sheets.cells import clean_identifier, clean_text
from storefront.sheets.numbers import NumberReader
from storefront.sheets.times import parse_time

REQUIRED = ("name", "created at", "total", "lineitem name", "lineitem quantity", "lineitem price")
# Of an order; more is no order of a shop.
MAX_LINES = 1000
MAX_QUANTITY = 999_999
_PERCENT = re.compile(r"([0-9]{1,2}(?:\.[0-9]{1,3})?) ?%")
_REFUNDED = ("refunded", "partially_refunded")
# The shares of the total that have been paid, by "Financial Status"; None: what is not outstanding.
_PAID = {
    "paid": True,
    **dict.fromkeys(_REFUNDED, True),
    "partially_paid": None,
    **dict.fromkeys(("pending", "authorized", "voided", "expired", "unpaid", ""), False),
}
_FULFILLED = {"fulfilled": True, **dict.fromkeys(("unfulfilled", "partial", "restocked", ""), False)}

T = TypeVar("T")


class RowError(ValueError):
    """A cell cannot be used; the text names its column and says why."""


@dataclass(frozen=True, slots=True)
class ImportedLine:
    """A line of an order: the price in minor units of the order's currency, the label is the SKU as written."""

    label: str
    title: str
    quantity: int
    unit_price: int


@dataclass(frozen=True, slots=True)
class ImportedOrder:
    """An order of another shop. Amounts are in minor units of `currency`.

    Attributes:
        values: by column of `Order`.
        lines: at least one.
        times: when it was placed, paid, shipped, cancelled: only what the file says.
        discount: what the file's total is less than goods, delivery and tax; 0 if nothing.
        note: what the file says in "Notes" and "Discount Code".
    """

    number: str
    values: dict[str, Any]
    lines: list[ImportedLine]
    times: dict[str, datetime]
    discount: int
    note: str


@dataclass(frozen=True, slots=True)
class Numbers:
    """The readers of the columns with numbers, each decided by its whole column."""

    by_column: Mapping[str, NumberReader]

    def amount(self, cells: Mapping[str, str], column: str, digits: int, default: int | None = None) -> int:
        """Return an amount in minor units; the default for an empty cell, if there is one."""
        cell = cells.get(column, "")
        if default is not None and not clean_text(cell):
            return default
        return _read(column, lambda: self.by_column[column].amount(cell, digits))

    def quantity(self, cells: Mapping[str, str], column: str) -> int:
        """Return a quantity from 1."""
        number = _read(column, lambda: self.by_column[column].whole(cells.get(column, "")))
        if not 1 <= number <= MAX_QUANTITY:
            raise RowError(f"{column}: {number} is not a quantity from 1 to {MAX_QUANTITY:,}")
        return number


def parse_order(rows: Sequence[Mapping[str, str]], numbers: Numbers, shop_currency: str) -> ImportedOrder:
    """Return the order of these rows, which map columns (in lower case) to cells.

    Its way of payment says that it was imported, so that no provider of this shop takes it for its own.

    Raises:
        RowError: a cell cannot be used.
    """
    first = rows[0]
    currency = _read("currency", lambda: _currency(first.get("currency", "") or shop_currency))
    digits = minor_units(currency)
    lines = _parse_lines(rows, numbers, digits)
    total = numbers.amount(first, "total", digits)
    goods = numbers.amount(first, "subtotal", digits, sum(line.quantity * line.unit_price for line in lines))
    delivery = numbers.amount(first, "shipping", digits, 0)
    tax = numbers.amount(first, "taxes", digits, 0)
    paid, refunded = _money_received(first, numbers, digits, total)
    # Shopify does not say whether prices include tax: the sum does.
    inclusive = goods + delivery == total or goods + delivery + tax != total
    ship_to, bill_to = parse_address(first, "shipping"), parse_address(first, "billing")
    times = {kind: time for kind, column in _TIMES.items() if (time := _time(first, column))}
    if "placed" not in times:
        raise RowError("created at: is empty")
    return ImportedOrder(
        number=clean_identifier(first["name"])[:64],
        values={
            "email": _email(first.get("email", "")),
            "state": _state(first, times, (paid, refunded, total)),
            "currency": currency,
            "goods": goods,
            "delivery_price": delivery,
            "tax": tax,
            "total": total,
            "prices_include_tax": inclusive,
            "taxes": _taxes(first, goods + delivery, tax),
            "ship_to": ship_to or bill_to,
            "bill_to": bill_to if bill_to and bill_to != ship_to else None,
            "delivery": clean_text(first.get("shipping method", ""), 100),
            "payment": f"{clean_text(first.get('payment method', ''), 28)} (imported)".strip(),
            "paid": paid,
            "refunded": refunded,
            "placed_at": times["placed"],
        },
        lines=lines,
        times=times,
        discount=max(0, goods + delivery + (0 if inclusive else tax) - total),
        note=". ".join(filter(None, (clean_text(first.get("discount code", ""), 100), _note(first)))),
    )


_TIMES = {"placed": "created at", "paid": "paid at", "shipped": "fulfilled at", "cancelled": "cancelled at"}


def _parse_lines(rows: Sequence[Mapping[str, str]], numbers: Numbers, digits: int) -> list[ImportedLine]:
    if len(rows) > MAX_LINES:
        raise RowError(f"lineitem name: the order has more than {MAX_LINES:,} lines")
    lines = []
    for cells in rows:
        title = clean_text(cells.get("lineitem name", ""), 500)
        if not title:
            continue  # a row that only continues the order's own cells, such as a second refund
        price, quantity = (
            numbers.amount(cells, "lineitem price", digits),
            numbers.quantity(cells, "lineitem quantity"),
        )
        lines.append(
            ImportedLine(clean_identifier(cells.get("lineitem sku", ""))[:255], title, quantity, price)
        )
    if not lines:
        raise RowError("lineitem name: the order has no line")
    return lines


def _money_received(cells: Mapping[str, str], numbers: Numbers, digits: int, total: int) -> tuple[int, int]:
    status = _word(cells, "financial status", _PAID)
    outstanding = numbers.amount(cells, "outstanding balance", digits, 0)
    share = _PAID[status]
    paid = (total if share else 0) if share is not None else max(0, total - outstanding)
    refunded = numbers.amount(cells, "refunded amount", digits, paid if status == "refunded" else 0)
    if refunded > paid:
        raise RowError(f"refunded amount: more was refunded than was paid ({status or 'no status'})")
    return paid, refunded


def _state(
    cells: Mapping[str, str], times: Mapping[str, datetime], money: tuple[int, int, int]
) -> OrderState:
    paid, refunded, total = money
    if "cancelled" in times:
        return "cancelled"
    if paid and refunded == paid:
        return "refunded"
    if _FULFILLED[_word(cells, "fulfillment status", _FULFILLED)]:
        return "shipped"
    return "paid" if paid >= total else "placed"


def _word(cells: Mapping[str, str], column: str, known: Mapping[str, object]) -> str:
    word = clean_text(cells.get(column, "")).casefold().replace(" ", "_")
    if word not in known:
        raise RowError(f"{column}: {word[:40]!r} is not one of {', '.join(filter(None, known))}")
    return word


def parse_address(cells: Mapping[str, str], kind: str) -> dict[str, str]:
    """Return the address in the columns of this kind ("shipping", "billing"); empty if they are empty.

    A country that is neither a code nor a name that we know becomes a part of the region, so that it is not lost.
    """
    address = {
        name: clean_text(cells.get(f"{kind} {column}".casefold(), ""), MAX_LENGTHS.get(name, MAX_COUNTRY))
        for name, column in ADDRESS_COLUMNS.items()
    }
    # Spreadsheets drop the leading zeros of postal codes, so Shopify writes an apostrophe before them.
    address["postcode"] = address["postcode"].removeprefix("'")
    if not any(address.values()):
        return {}
    country = find_country(address["country"])
    if not country and address["country"]:
        address["region"] = ", ".join(filter(None, (address["region"], address["country"])))[:100]
    return address | {"country": country}


def _time(cells: Mapping[str, str], column: str) -> datetime | None:
    return _read(column, lambda: parse_time(cells.get(column, "")))


def _taxes(cells: Mapping[str, str], base: int, tax: int) -> list[dict[str, Any]]:
    named = _PERCENT.search(cells.get("tax 1 name", ""))
    if not tax or named is None or clean_text(cells.get("tax 2 name", "")):
        return []
    return [{"rate": int(Decimal(named[1]) * HUNDRED_PERCENT / 100), "base": base, "amount": tax}]


def _email(cell: str) -> str:
    text = clean_text(cell)
    if not text:
        return ""
    if (email := normalize_email(text)) is None:
        raise RowError(f"email: {text[:60]!r} is not an e-mail address")
    return email


def _note(cells: Mapping[str, str]) -> str:
    return clean_text(cells.get("notes", ""), 800)


def _currency(code: str) -> str:
    try:
        return check_currency(code)
    except ConfigurationError as error:
        raise ValueError(f"{code.strip()[:10]!r} is not an ISO 4217 currency code") from error


def _read(column: str, read: Callable[[], T]) -> T:
    try:
        return read()
    except ValueError as error:
        raise RowError(f"{column}: {error}") from error
