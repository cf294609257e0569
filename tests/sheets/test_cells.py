"""Cells: prices in the formats that people use, and formulas that are escaped."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storefront.sheets import cells


@pytest.mark.parametrize(
    ("cell", "digits", "amount"),
    [
        ("12", 2, 1200),
        ("12.5", 2, 1250),
        ("$12.00", 2, 1200),
        ("12,50 €", 2, 1250),
        ("1,299.00", 2, 129900),
        ("1.299,00", 2, 129900),
        ("1 299,00", 2, 129900),
        ("1\u202f299,00", 2, 129900),
        ("1'299.00", 2, 129900),
        ("1,299", 2, 129900),
        ("1,234,567", 2, 123456700),
        ("0.999", 3, 999),
        ("1.299", 3, 1299),
        ("19,990.00", 2, 1999000),
        ("1,00,000.50", 2, 10000050),
        ("1,299", 0, 1299),
        ("¥1299", 0, 1299),
        ("0", 2, 0),
        (".5", 2, 50),
    ],
)
def test_prices_are_read_in_all_common_formats(cell: str, digits: int, amount: int) -> None:
    assert cells.parse_price(cell, digits) == amount


@pytest.mark.parametrize(
    "cell", ["", "free", "-1", "nan", "inf", "1e5", "12.345.6,7x", "1.999,999", "9" * 30, "--", "1.2.3"]
)
def test_invalid_price_is_refused(cell: str) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        cells.parse_price(cell, 2)


@pytest.mark.parametrize(
    ("cell", "number"), [("8981", 8981), ("12.0", 12), ("1,200", 1200), ("", 0), ("-3", -3)]
)
def test_whole_numbers_of_spreadsheets_are_read(cell: str, number: int) -> None:
    assert cells.parse_whole_number(cell) == number


@pytest.mark.parametrize("cell", ["many", "nan", "inf", "2147483648", "1e99999999"])
def test_invalid_whole_number_is_refused_quickly(cell: str) -> None:
    with pytest.raises(ValueError, match=r"not a number|too large"):
        cells.parse_whole_number(cell)


def test_too_many_decimals_are_refused() -> None:
    with pytest.raises(ValueError, match="more decimals"):
        cells.parse_price("12.5", 0)


@pytest.mark.long
@given(amount=st.integers(0, 10**11), digits=st.sampled_from([0, 2, 3]))
def test_exported_price_is_read_as_the_same_amount(amount: int, digits: int) -> None:
    from decimal import Decimal

    assert cells.parse_price(f"{Decimal(amount).scaleb(-digits):f}", digits) == amount


@pytest.mark.long
@given(st.text())
def test_escaped_cell_is_no_formula_and_can_be_restored(text: str) -> None:
    guarded = cells.escape_formula(text)
    assert cells.unescape_formula(guarded) == text
    assert not guarded.startswith(("=", "@", "\t", "\r"))
    assert not guarded.startswith(("+", "-")) or guarded.lstrip("-").replace(".", "").isdigit()


def test_numbers_stay_numbers_in_an_export() -> None:
    assert cells.escape_formula("-12.5") == "-12.5"
    assert cells.escape_formula("-12+cmd") == "'-12+cmd"


def test_text_loses_invisible_characters_and_is_nfc() -> None:
    assert cells.clean_text("  Cafe\u0301\u200b\x00  bowl ") == "Café bowl"
