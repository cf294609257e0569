"""Totals and tax add up in every currency, whether prices include tax or not."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storefront.checkout import delivery, tax
from storefront.checkout.delivery import DeliveryMethod
from storefront.checkout.errors import TotalTooLargeError
from storefront.checkout.totals import MAX_TOTAL, LineItem, Totals, add_up

LINES = st.lists(
    st.builds(
        LineItem,
        sku=st.uuids().map(str),
        title=st.just("Teapot"),
        options=st.just(""),
        quantity=st.integers(1, 99),
        unit_price=st.integers(0, 10**8),
    ),
    max_size=20,
)
METHODS = st.none() | st.builds(
    DeliveryMethod,
    code=st.just("x"),
    name=st.just("X"),
    price=st.integers(0, 10**6),
    free_from=st.none() | st.integers(0, 10**8),
)
CURRENCIES = st.sampled_from(["USD", "JPY", "KWD", "CLF"])
RATES = st.integers(0, 99_999)


@pytest.mark.long
@given(LINES, METHODS, RATES, CURRENCIES, st.booleans())
def test_all_sums_add_up_and_tax_is_rounded_per_line(
    lines: list[LineItem], method: DeliveryMethod | None, rate: int, currency: str, inclusive: bool
) -> None:
    found = add_up(lines, method, rate, currency=currency, inclusive=inclusive)
    assert found.goods == sum(line.quantity * line.unit_price for line in lines)
    assert found.delivery == (0 if method is None else method.price_for(found.goods))
    assert found.total == found.goods + found.delivery + (0 if inclusive else found.tax)
    whole = 100_000 + (rate if inclusive else 0)
    taxes = [
        int((Decimal(amount) * rate / whole).quantize(Decimal(1), ROUND_HALF_UP))
        for amount in (*(line.total for line in found.lines), found.delivery)
    ]
    assert [line.tax for line in found.lines] == taxes[:-1]
    assert found.tax == sum(taxes), "the tax is rounded per line only"
    assert sum(one.amount for one in found.taxes) == found.tax
    assert 0 <= found.tax <= found.goods + found.delivery
    assert Totals.from_json(found.to_json()) == found
    cheaper = add_up(lines, method, 0, currency=currency, inclusive=inclusive)
    assert cheaper.total <= found.total
    assert (found.digest == cheaper.digest) == (found == cheaper)


@pytest.mark.parametrize(
    ("amount", "rate", "inclusive", "expected"),
    [
        (10_000, 19_000, False, 1900),
        (11_900, 19_000, True, 1900),
        (50, 8_875, False, 4),
        (150, 1_000, False, 2),
        (1_005, 10_000, True, 91),
        (999, 0, True, 0),
    ],
)
def test_tax_equals_a_calculation_by_hand(amount: int, rate: int, inclusive: bool, expected: int) -> None:
    assert tax.tax_of(amount, rate, inclusive=inclusive) == expected


@pytest.mark.parametrize(("quantity", "price"), [(0, 100), (-1, 100), (1, -1)])
def test_negative_quantities_and_prices_are_rejected(quantity: int, price: int) -> None:
    with pytest.raises(ValueError, match="positive"):
        add_up([LineItem("A", "A", "", quantity, price)], None, 0, currency="USD", inclusive=True)


def test_inexact_total_is_refused() -> None:
    with pytest.raises(TotalTooLargeError):
        add_up([LineItem("A", "A", "", 99, MAX_TOTAL)], None, 0, currency="USD", inclusive=True)


def test_regional_rate_precedes_the_national_rate() -> None:
    rules = tax.read_tax_rules(
        {"tax": {"US": {"rate": "1", "regions": {"CA": "7.25", "OR": "0"}}, "DE": {"rate": "19"}}},
        "en_US",
        has_demo_terms=False,
    )
    found = [
        rules.rate_for(*place)
        for place in (("US", " ca "), ("US", "OR"), ("US", "TX"), ("DE", ""), ("FR", ""))
    ]
    assert found == [7250, 0, 1000, 19000, 0]


@pytest.mark.parametrize(("currency", "price"), [("USD", 490), ("JPY", 490), ("KWD", 4900)])
def test_default_methods_use_the_currency_of_the_shop(currency: str, price: int) -> None:
    assert delivery.read_delivery_methods({}, currency, "en_US", has_demo_terms=True)[0].price == price
