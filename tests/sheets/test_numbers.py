"""Numbers as people write them: each column decides what its separators mean, and doubt is an error."""

from __future__ import annotations

import csv
from contextlib import suppress
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storefront.money import Money
from storefront.sheets.numbers import NumberEvidence, NumberReader, decide_hint, parse_amount
from tests.work import growth

CASES = Path(__file__).parents[3] / "shared" / "cases" / "import"
POINT, COMMA, UNDECIDED = NumberReader("."), NumberReader(","), NumberReader()


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
        ("1\u202f299,00\u00a0€", 2, 129900),
        ("1'299.00", 2, 129900),
        ("1,299", 2, 129900),
        ("1,234,567", 2, 123456700),
        ("0.999", 3, 999),
        ("1.299", 3, 1299),
        ("12.3450", 3, 12345),
        ("19,990.00", 2, 1999000),
        ("1,00,000.50", 2, 10000050),
        ("1,299", 0, 1299),
        ("¥1299", 0, 1299),
        ("￥１，２９９", 0, 1299),
        ("0", 2, 0),
        (".5", 2, 50),
        ("$.50", 2, 50),
        ("12.0000", 2, 1200),
        ("Rs. 1,299.00", 2, 129900),
        ("Rs.1,29,900", 2, 12990000),
        ("1.299,00 kr.", 2, 129900),
        ("CHF 1'299.–", 2, 129900),
        ("Fr. 12.-", 2, 1200),
        ("12,--", 2, 1200),
        ("US$ 5", 2, 500),
        ("1.299,00 zł", 2, 129900),
        ("5 EUR", 2, 500),
        ("+5", 2, 500),
        ("١٢٫٥٠", 2, 1250),
        ("١٬٢٩٩٫٠٠", 2, 129900),
        ("५०", 2, 5000),
    ],
)
def test_prices_are_read_in_all_common_formats(cell: str, digits: int, amount: int) -> None:
    assert UNDECIDED.amount(cell, digits) == amount


@pytest.mark.parametrize(
    ("cell", "reason"),
    [
        ("", "is empty"),
        ("free", "not a number"),
        ("-1", "negative"),
        ("−1", "negative"),
        ("(1.50)", "negative"),
        ("1.50-", "negative"),
        ("nan", "not a number"),
        ("NaN", "not a number"),
        ("1e5", "shortened by a spreadsheet"),
        ("4,00638E+12", "shortened by a spreadsheet; format its column as a number"),
        ("02. Jan", "'Jan' is not a currency"),
        ("Jan 02", "'Jan' is not a currency"),
        ("2024-05-01", "not a"),
        ("1/2", "not a"),
        ("½", "not a number"),
        ("10 %", "percentage"),
        ("12.345.6,7x", "not a number"),
        ("1.999,999", "more decimals"),
        ("12 50", "not a number"),
        ("1.2.3", "not a number"),
        ("1,2,3.50", "not a number"),
        ("--", "not a number"),
        ("9" * 30, "too much"),
        ("1" * 101, "not a number"),
        ("12 € 5", "not a"),
        ("€ 5 $", "not a number"),
        ("1.299", "doubtful"),
    ],
)
def test_a_price_that_is_not_certain_is_refused(cell: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        UNDECIDED.amount(cell, 2)


def test_a_price_in_another_currency_is_refused() -> None:
    assert UNDECIDED.amount("12.50 USD", 2, currency="USD") == 1250
    assert UNDECIDED.amount("$12.50", 2, currency="CAD") == 1250
    for cell in ("12.50 EUR", "12,50 €", "eur 12.50"):
        with pytest.raises(ValueError, match="is not in USD, the currency of the shop"):
            UNDECIDED.amount(cell, 2, currency="USD")


def test_decimals_of_a_column_decide_its_separators() -> None:
    english = NumberReader.decide(["9.99", "12.345"])
    with pytest.raises(ValueError, match="more decimals"):
        english.amount("12.345", 2)
    assert english.amount("12.340", 2) == 1234
    assert english.amount("1,299", 2) == 129900
    german = NumberReader.decide(["", "12,50", "1.299"])
    assert german.amount("1.299", 2) == 129900
    with pytest.raises(ValueError, match="more decimals"):
        german.amount("1,299", 2)
    thousands = NumberReader.decide(["1.234.567"])
    assert thousands.amount("1.299", 2) == 129900


def test_a_column_that_contradicts_itself_is_doubtful() -> None:
    reader = NumberReader.decide(["9.99", "12,50", "1.299"], hint=",")
    assert (reader.amount("9.99", 2), reader.amount("12,50", 2)) == (999, 1250)
    for cell in ("1.299", "1,299"):
        with pytest.raises(ValueError, match=r"doubtful.*Write it without separators of thousands"):
            reader.amount(cell, 2)


@pytest.mark.parametrize(
    ("reader", "cell", "number"),
    [
        (UNDECIDED, "8981", 8981),
        (UNDECIDED, "12.0", 12),
        (UNDECIDED, "1,200", 1200),
        (UNDECIDED, "-3", -3),
        (UNDECIDED, "−3", -3),
        (UNDECIDED, "–3", -3),
        (UNDECIDED, "‐3", -3),
        (UNDECIDED, "3-", -3),
        (UNDECIDED, "(3)", -3),
        (UNDECIDED, "- 3", -3),
        (UNDECIDED, "1.250,5", 1251),
        (UNDECIDED, "٤٢", 42),
        (COMMA, "1.200", 1200),
        (NumberReader(hint=","), "1.200", 1200),
        (NumberReader(hint=","), "12.000", 12000),
        (POINT, "5.000", 5),
        (POINT, "1,200", 1200),
    ],
)
def test_whole_numbers_are_read(reader: NumberReader, cell: str, number: int) -> None:
    assert reader.whole(cell) == number


@pytest.mark.parametrize(
    ("reader", "cell", "reason"),
    [
        (UNDECIDED, "1.200", "doubtful"),
        (NumberReader(hint="."), "1.200", "doubtful"),
        (NumberReader(hint="."), "5.000", "doubtful"),
        (POINT, "1.200", "doubtful"),
        (COMMA, "1,200", "doubtful"),
        (UNDECIDED, "many", "not a number"),
        (UNDECIDED, "5 pcs", "'pcs' stands beside it"),
        (UNDECIDED, "€5", "stands beside it"),
        (UNDECIDED, "", "is empty"),
        (UNDECIDED, "inf", "not a number"),
        (UNDECIDED, "2147483648", "too large"),
        (UNDECIDED, "1e99999999", "shortened"),
    ],
)
def test_a_whole_number_is_never_a_silent_one(reader: NumberReader, cell: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        reader.whole(cell)


def test_other_columns_or_the_delimiter_give_a_hint() -> None:
    def evidence(*cells: str) -> NumberEvidence:
        found = NumberEvidence()
        for cell in cells:
            found.add(cell)
        return found

    assert decide_hint(";", []) == ","
    assert decide_hint(",", []) == ""
    assert decide_hint(",", [evidence("1.200"), evidence("12,50")]) == ","
    assert decide_hint(";", [evidence("9.99")]) == "."
    assert decide_hint(";", [evidence("9.99"), evidence("12,50")]) == ""


@pytest.mark.skipif(not CASES.is_dir(), reason="the cases are not on this machine")
def test_a_german_file_has_its_numbers() -> None:
    with (CASES / "07-quantity-and-grams-with-separators.csv").open() as file:
        rows = list(csv.DictReader(file, delimiter=";"))
    columns: dict[str, NumberEvidence] = {}
    for name in ("Variant Price", "Variant Inventory Qty", "Variant Grams"):
        columns[name] = NumberEvidence()
        for row in rows:
            columns[name].add(row[name])
    hint = decide_hint(";", columns.values())
    price, stock, grams = (NumberReader.from_evidence(column, hint=hint) for column in columns.values())
    assert [price.amount(row["Variant Price"], 2) for row in rows] == [129900, 1250]
    assert [stock.whole(row["Variant Inventory Qty"]) for row in rows] == [1200, 12000]
    assert [grams.whole(row["Variant Grams"]) for row in rows] == [1251, 2500]


@pytest.mark.long
@given(amount=st.integers(0, 10**11), digits=st.sampled_from([0, 2, 3]))
def test_exported_price_is_read_as_the_same_amount(amount: int, digits: int) -> None:
    assert POINT.amount(f"{Decimal(amount).scaleb(-digits):f}", digits) == amount


@pytest.mark.long
@given(st.text(st.sampled_from("0123456789.,' -–()€%eEkr\u00a0٣"), max_size=12) | st.text(max_size=20))
def test_any_cell_is_read_or_refused_with_a_reason(cell: str) -> None:
    for reader in (POINT, COMMA, UNDECIDED):
        for read in (reader.whole, lambda text, reader=reader: reader.amount(text, 2)):
            try:
                number = read(cell)
            except ValueError as error:
                assert str(error)  # noqa: PT017 - either outcome is right
            else:
                digits = [sign for sign in cell if sign.isdecimal() and int(sign)]
                assert bool(number) <= bool(digits)


@pytest.mark.parametrize("sign", ["9", "-", ".", "9.", "1 ", "(", "x"])
def test_reading_a_number_is_linear(sign: str) -> None:
    def read(n: int) -> object:
        with suppress(ValueError):
            UNDECIDED.whole(sign * n)
        return None

    assert growth(read, 24) <= 5.0


@pytest.mark.parametrize(
    ("text", "locale", "currency", "amount"),
    [
        ("52,90", "de_DE", "EUR", 5290),
        ("52.90", "de_DE", "EUR", 5290),
        (" 52,90 € ", "de_DE", "EUR", 5290),
        ("1.299", "de_DE", "EUR", 129900),
        ("1.299,00", "de_DE", "EUR", 129900),
        ("1 299,00", "fr_FR", "EUR", 129900),
        ("1,299", "en_US", "USD", 129900),
        ("12€50", "fr_FR", "EUR", 1250),
        ("US$12", "en_US", "USD", 1200),
        ("12 kr.", "sv_SE", "SEK", 1200),
        ("12:-", "sv_SE", "SEK", 1200),
        ("1,299 yen", "ja_JP", "JPY", 1299),
        ("\u202a12.50\u202c", "en_US", "USD", 1250),  # as some programs copy it
        ("$12.5", "en_US", "USD", 1250),
        ("1\u2019299.-", "de_CH", "CHF", 129900),
        ("１２００", "ja_JP", "JPY", 1200),
        ("١٢٫٥٠", "ar_EG", "EGP", 1250),
        ("1,299", "de_DE", "KWD", 1299),
        ("1.299", "en_US", "KWD", 1299),
    ],
)
def test_a_typed_amount_is_read_by_the_locale(text: str, locale: str, currency: str, amount: int) -> None:
    assert parse_amount(text, locale, currency) == amount


@pytest.mark.parametrize(
    "text",
    ["", " ", "x", "-1", "1.2345", "12,345", "1e9", "5 USD", "$5", "5 kr", "1€299", "NaN", "1" * 200, "\x00"],
)
def test_a_typed_amount_that_is_doubtful_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        parse_amount(text, "de_DE", "EUR")


@given(
    st.integers(0, 10**12),
    st.sampled_from(["USD", "JPY", "KWD"]),
    st.sampled_from(
        ["en_US", "de_DE", "de_CH", "fr_FR", "hi_IN", "ar_EG", "fa_IR", "he_IL", "ks_Arab", "ff_Adlm"]
    ),
)
def test_a_shop_reads_the_amounts_that_it_writes(amount: int, currency: str, locale: str) -> None:
    money = Money(amount, currency)
    assert parse_amount(money.format_plain(locale), locale, currency) == amount
    assert parse_amount(money.format(locale), locale, currency) == amount
