"""What it comes to: the one function that adds up."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
from flask import current_app

from storefront.checkout.delivery import DeliveryMethod
from storefront.checkout.errors import TotalTooLargeError
from storefront.checkout.tax import TaxRules, tax_of

MAX_TOTAL = 2**53  # what every database, and every script that reads JSON, holds exactly


@dataclass(frozen=True, slots=True)
class LineItem:
    """Something that is to be bought; `unit_price` in minor units."""

    sku: str
    title: str
    options: str
    quantity: int
    unit_price: int


@dataclass(frozen=True, slots=True)
class TotalLine:
    """A line with what it comes to. `tax_rate` in thousandths of a percent; `total` is quantity × price."""

    sku: str
    title: str
    options: str
    quantity: int
    unit_price: int
    tax_rate: int
    tax: int
    total: int


@dataclass(frozen=True, slots=True)
class TaxAmount:
    """Tax at one rate: on `base` (in it, if prices include tax), so much."""

    rate: int
    base: int
    amount: int

    @property
    def percent(self) -> str:
        """The rate as people write it: "7.25"."""
        return f"{self.rate / 1000:.3f}".rstrip("0").rstrip(".")


@dataclass(frozen=True, slots=True)
class Totals:
    """What a basket comes to, in minor units of `currency`. `total` is what is to be paid.

    If prices include tax, `tax` is a part of goods and delivery; else it comes on top.
    """

    currency: str
    lines: tuple[TotalLine, ...]
    goods: int
    delivery: int
    tax: int
    total: int
    taxes: tuple[TaxAmount, ...]
    prices_include_tax: bool

    @property
    def digest(self) -> str:
        """What stands for these totals in a form: whoever sends it back has seen exactly these."""
        return hashlib.sha256(msgspec.json.encode(self)).hexdigest()

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON holds it; `from_json` is the way back."""
        found: dict[str, Any] = msgspec.to_builtins(self)
        return found

    @staticmethod
    def from_json(value: Mapping[str, Any]) -> Totals:
        """Return what `to_json` has written."""
        return msgspec.convert(value, Totals)


def compute_totals(
    lines: Sequence[LineItem], delivery: DeliveryMethod | None, address: Mapping[str, Any]
) -> Totals:
    """Return what these lines come to, sent there (without a method, or without a country, as far as is known)."""
    rules: TaxRules = current_app.extensions["checkout_tax"]
    rate = rules.rate_for(address.get("country", ""), address.get("region", ""))
    return add_up(lines, delivery, rate, currency=current_app.config["CURRENCY"], inclusive=rules.inclusive)


def add_up(
    lines: Sequence[LineItem], delivery: DeliveryMethod | None, rate: int, *, currency: str, inclusive: bool
) -> Totals:
    """Return the totals at this rate of tax. Tax is rounded for each line, and for the delivery as one.

    Raises:
        ValueError: a quantity is not positive, or a price is negative.
        TotalTooLargeError: it comes to more than can be counted exactly.
    """
    if any(line.quantity < 1 or line.unit_price < 0 for line in lines):
        raise ValueError("quantities are positive, prices are not negative")
    counted = tuple(_line(line, rate, inclusive) for line in lines)
    goods = sum(line.total for line in counted)
    price = delivery.price_for(goods) if delivery is not None else 0
    tax = sum(line.tax for line in counted) + tax_of(price, rate, inclusive=inclusive)
    total = goods + price + (0 if inclusive else tax)
    if total > MAX_TOTAL:
        raise TotalTooLargeError(
            "That comes to more than this shop can count. Take something out of the basket."
        )
    taxes = (TaxAmount(rate, goods + price, tax),) if rate else ()
    return Totals(currency, counted, goods, price, tax, total, taxes, inclusive)


def _line(line: LineItem, rate: int, inclusive: bool) -> TotalLine:
    total = line.quantity * line.unit_price
    tax = tax_of(total, rate, inclusive=inclusive)
    return TotalLine(
        line.sku, line.title, line.options, line.quantity, line.unit_price, rate, tax, total
    )  # fmt: skip
