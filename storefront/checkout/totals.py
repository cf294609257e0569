"""The totals of a basket: the only place that adds up prices, delivery and tax."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from storefront import shop_settings
from storefront.checkout.delivery import DeliveryMethod
from storefront.checkout.errors import TotalTooLargeError
from storefront.checkout.tax import tax_of
from storefront.checkout.terms import current_terms

# The largest integer that every database and every JSON parser represents exactly.
MAX_TOTAL = 2**53


@dataclass(frozen=True, slots=True)
class LineItem:
    """An item to buy; `unit_price` is in minor units.

    Attributes:
        taxable: tax is charged on it, at the rate of the address.
        requires_shipping: it is sent in a parcel; digital goods are not.
    """

    sku: str
    title: str
    options: str
    quantity: int
    unit_price: int
    taxable: bool = True
    requires_shipping: bool = True


@dataclass(frozen=True, slots=True)
class TotalLine:
    """A line with its total (quantity × unit price). `tax_rate` is in thousandths of a percent."""

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
    """The tax at one rate: `amount` on `base`, or contained in `base` if prices include tax."""

    rate: int
    base: int
    amount: int

    @property
    def percent(self) -> str:
        """The rate in percent as people write it: "7.25"."""
        return f"{self.rate / 1000:.3f}".rstrip("0").rstrip(".")


@dataclass(frozen=True, slots=True)
class Totals:
    """The totals of a basket, in minor units of `currency`. `total` is the amount to pay.

    If prices include tax, `tax` is contained in `goods` and `delivery`; otherwise it is added to them.
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
        """A hash of the totals: a form that sends it back proves which totals the shopper saw."""
        return hashlib.sha256(msgspec.json.encode(self)).hexdigest()

    def to_json(self) -> dict[str, Any]:
        """Return the totals as a JSON object; `from_json` reverses it."""
        value: dict[str, Any] = msgspec.to_builtins(self)
        return value

    @staticmethod
    def from_json(value: Mapping[str, Any]) -> Totals:
        """Return the totals that `to_json` has written."""
        return msgspec.convert(value, Totals)


def compute_totals(
    lines: Sequence[LineItem], delivery: DeliveryMethod | None, address: Mapping[str, Any]
) -> Totals:
    """Return the totals of these lines by the shop's terms.

    Args:
        lines: the items.
        delivery: the chosen delivery method; None adds no delivery price.
        address: where the goods go; its `country` and `region` decide the tax rate. They may be missing.

    Raises:
        TotalTooLargeError: the total is too large to be computed exactly.
    """
    rules = current_terms().tax
    rate = rules.rate_for(address.get("country", ""), address.get("region", ""))
    return add_up(lines, delivery, rate, currency=shop_settings.current().currency, inclusive=rules.inclusive)


def add_up(
    lines: Sequence[LineItem], delivery: DeliveryMethod | None, rate: int, *, currency: str, inclusive: bool
) -> Totals:
    """Return the totals at this tax rate. Tax is rounded per line, and separately for the delivery.

    The price of the delivery depends on the goods that are sent; it is taxed if any of them is. Without such goods
    there is no delivery. An empty basket costs what its delivery costs.

    Raises:
        ValueError: a quantity is not positive, or a price is negative.
        TotalTooLargeError: the total is too large to be computed exactly.
    """
    if any(line.quantity < 1 or line.unit_price < 0 for line in lines):
        raise ValueError("quantities are positive, prices are not negative")
    total_lines = tuple(_total_line(line, rate, inclusive) for line in lines)
    goods = sum(line.total for line in total_lines)
    sent = [line for line in lines if line.requires_shipping]
    subtotal = sum(line.quantity * line.unit_price for line in sent)
    delivery_price = delivery.price_for(subtotal) if delivery is not None and (sent or not lines) else 0
    taxed_delivery = delivery_price if not lines or any(line.taxable for line in sent) else 0
    tax = sum(line.tax for line in total_lines) + tax_of(taxed_delivery, rate, inclusive=inclusive)
    total = goods + delivery_price + (0 if inclusive else tax)
    if total > MAX_TOTAL:
        raise TotalTooLargeError
    taxed = sum(line.total for line in total_lines if line.tax_rate) + taxed_delivery
    taxes = (
        (TaxAmount(rate, taxed, tax),) if rate and (not lines or any(line.taxable for line in lines)) else ()
    )
    return Totals(currency, total_lines, goods, delivery_price, tax, total, taxes, inclusive)


def _total_line(line: LineItem, rate: int, inclusive: bool) -> TotalLine:
    total, rate = line.quantity * line.unit_price, rate if line.taxable else 0
    tax = tax_of(total, rate, inclusive=inclusive)
    return TotalLine(line.sku, line.title, line.options, line.quantity, line.unit_price, rate, tax, total)
