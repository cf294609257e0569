"""Address rules: fields and labels of each country, valid values, and the lines on a parcel."""

from __future__ import annotations

import pytest
from flask import Flask

from storefront.postal import address_rules
from storefront.postal.address_lines import address_lines
from storefront.web.forms import Form

pytestmark = pytest.mark.any_database

ZURICH = {"country": "CH", "name": "Kim", "line1": "Quai 3", "postcode": "8001", "city": "Zürich"}


def read(**typed: str) -> tuple[dict[str, str], dict[str, str]]:
    form = Form(ZURICH | typed)
    return address_rules.read_address(form), form.errors


def test_valid_address_is_read_without_errors(app: Flask) -> None:
    address, errors = read()
    assert app
    assert errors == {}
    assert {name: address[name] for name in ZURICH} == ZURICH
    assert set(address) == set(address_rules.FIELDS)


@pytest.mark.parametrize(
    ("country", "label"), [("US", "ZIP code"), ("IN", "PIN code"), ("IE", "Eircode"), ("DE", "Postal code")]
)
def test_label_of_the_postcode_depends_on_the_country(app: Flask, country: str, label: str) -> None:
    assert app
    assert address_rules.rules_for(country).postcode.label == label


@pytest.mark.parametrize(
    ("typed", "field", "sentence"),
    [
        ({"postcode": "ABC"}, "postcode", "Enter a valid postal code, such as"),
        ({"postcode": ""}, "postcode", "Enter the postal code."),
        (
            {"country": "US", "postcode": "10001", "region": "CA", "city": "LA"},
            "postcode",
            "The ZIP code 10001 doesn’t match the state.",
        ),
        (
            {"country": "US", "postcode": "10001", "region": "Nowhere", "city": "LA"},
            "region",
            "Choose the state from the list.",
        ),
        ({"country": "XX"}, "country", "Choose a country."),
        ({"name": "\u200b"}, "name", "Enter the name."),
        ({"city": "x" * 101}, "city", "Use up to 100 characters for the city."),
    ],
)
def test_invalid_field_has_a_sentence(app: Flask, typed: dict[str, str], field: str, sentence: str) -> None:
    assert app
    _, errors = read(**typed)
    assert errors[field].startswith(sentence), errors


def test_region_is_found_by_code_or_name(app: Flask) -> None:
    assert app
    for typed in ("NY", "ny", "New York"):
        address, errors = read(country="US", postcode="10001", region=typed, city="New York")
        assert (address["region"], errors) == ("NY", {})


def test_lines_end_with_the_country_in_the_shops_language(app: Flask) -> None:
    assert app
    assert address_lines(ZURICH) == ["Kim", "Quai 3", "CH-8001 Zürich", "Switzerland"]


def test_japanese_addresses_have_a_city(app: Flask) -> None:
    assert app
    city = address_rules.rules_for("JP").city
    assert (city.label, city.used, city.required) == ("City", True, True)
