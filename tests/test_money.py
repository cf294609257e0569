"""Money is exact, has the digits of its currency and is formatted for the locale."""

from __future__ import annotations

from decimal import Decimal

import pytest

from storefront.errors import ConfigurationError
from storefront.money import Money, check_currency


@pytest.mark.parametrize(
    ("money", "locale", "text"),
    [
        (Money(1999, "USD"), "en_US", "$19.99"),
        (Money(0, "USD"), "en_US", "$0.00"),
        (Money(123456700, "USD"), "en_US", "$1,234,567.00"),
        (Money(1999, "JPY"), "en_US", "¥1,999"),
        (Money(1999, "KWD"), "en_US", "KWD1.999"),
        (Money(1999, "EUR"), "de_DE", "19,99 €"),
        (Money(1999, "JPY"), "de_DE", "1.999 ¥"),
        (Money(1999, "JPY"), "ja_JP", "¥1,999"),
    ],
)
def test_money_is_written_in_the_digits_of_its_currency(money: Money, locale: str, text: str) -> None:
    assert money.format(locale).replace("\xa0", " ") == text


def test_money_is_exact() -> None:
    assert Money(10**15 + 1, "USD").decimal == Decimal("10000000000000.01")


def test_an_unknown_currency_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="ISO 4217"):
        check_currency("XYZZY")
