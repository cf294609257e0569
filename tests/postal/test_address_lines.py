"""The lines of an address, in the order and the script of its country."""

from __future__ import annotations

import re

import pytest
from flask import Flask

from storefront import country_codes
from storefront.postal import address_rules
from storefront.postal.address_lines import address_lines
from storefront.web.forms import Form

pytestmark = pytest.mark.any_database


@pytest.mark.parametrize(
    ("country", "parts", "lines"),
    [
        (
            "KR",
            ("110 Sejong-daero", "Jung-gu", "서울특별시", "04524"),
            ["Kim", "110 Sejong-daero", "Jung-gu", "Seoul", "04524", "South Korea"],
        ),
        (
            "KR",
            ("세종대로 110", "중구", "서울특별시", "04524"),
            ["서울특별시 중구", "세종대로 110", "Kim", "04524", "South Korea"],
        ),
        (
            "CN",
            ("1 Jianguo Road", "Beijing", "北京市", "100022"),
            ["Kim", "1 Jianguo Road", "Beijing", "Beijing Shi, 100022", "China"],
        ),
        (
            "HK",
            ("1 Queen's Road", "Central", "Hong Kong Island", ""),
            ["Kim", "1 Queen's Road", "Central", "Hong Kong Island", "Hong Kong SAR China"],
        ),
        (
            "HK",
            ("皇后大道1號", "中環", "Hong Kong Island", ""),
            ["香港島", "中環", "皇后大道1號", "Kim", "Hong Kong SAR China"],
        ),
        (
            "AE",
            ("1 Sheikh Zayed Road", "", "إمارة دبيّ", ""),
            ["Kim", "1 Sheikh Zayed Road", "Dubai", "United Arab Emirates"],
        ),
        (
            "JP",
            ("1-1 Marunouchi", "Chiyoda-ku", "東京都", "100-0001"),
            ["Kim", "1-1 Marunouchi", "Chiyoda-ku, Tokyo", "100-0001", "Japan"],
        ),
        (
            "JP",
            ("丸の内1-1", "千代田区", "東京都", "100-0001"),
            ["〒100-0001", "東京都", "千代田区", "丸の内1-1", "Kim", "Japan"],
        ),
        (
            "SG",
            ("1 Orchard Road", "Singapore", "", "238801"),
            ["Kim", "1 Orchard Road", "Singapore 238801", "Singapore"],
        ),
        (
            "US",
            ("1 Main St", "New York", "NY", "10001"),
            ["Kim", "1 Main St", "New York, NY 10001", "United States"],
        ),
        ("ES", ("Gran Vía 1", "Getafe", "M", "28901"), ["Kim", "Gran Vía 1", "28901 Getafe Madrid", "Spain"]),
        ("ES", ("Gran Vía 1", "Madrid", "M", "28013"), ["Kim", "Gran Vía 1", "28013 Madrid", "Spain"]),
        (
            "RU",
            ("Тверская ул., 1\nкв. 2", "Москва", "", "125009"),
            ["Kim", "Тверская ул., 1", "кв. 2", "Москва", "125009", "Russia"],
        ),
        (
            "CA",
            ("1 Wellington St\nUnit 2", "Ottawa", "ON", "K1A 0B1"),
            ["Kim", "1 Wellington St", "Unit 2", "Ottawa ON K1A 0B1", "Canada"],
        ),
    ],
)
def test_lines_follow_the_script_of_the_address(
    app: Flask, country: str, parts: tuple[str, str, str, str], lines: list[str]
) -> None:
    line1, city, region, postcode = parts
    address = {"line1": line1, "city": city, "region": region, "postcode": postcode}
    assert app
    assert address_lines(address | {"name": "Kim", "country": country}) == lines


@pytest.mark.usefixtures("client")
@pytest.mark.parametrize("street", ["1 Main St", "街1号", "شارع 1"])
def test_missing_parts_leave_no_separators(street: str) -> None:
    for country in country_codes.country_names("en"):
        address = {"country": country, "name": "Kim", "line1": street}
        for part in ("city", "region"):  # those that the country asks for, and no postal code
            rules = getattr(address_rules.rules_for(country), part)
            if rules.required:
                address[part] = next(iter(rules.choices), "Town")
        for line in address_lines(address)[:-1]:
            assert line == line.strip(" ,-/"), country
            assert not re.match(r"[A-Z]{2}- ", line), country
    assert "12-" in address_lines({"country": "DE", "name": "Kim", "line1": "12-"}), "people's own text stays"


def test_forms_begin_with_the_region_where_people_do(app: Flask) -> None:
    with app.test_request_context():
        form = app.jinja_env.from_string(
            "{% from 'components/address-fields.html' import address_fields %}"
            "{{ address_fields(form, rules, {country: country}) }}"
        )
        for country, parts in (
            ("JP", ["postcode", "region", "city", "line1", "line2"]),
            ("KR", ["postcode", "region", "city", "line1", "line2"]),
            ("DE", ["line1", "line2", "postcode", "city"]),
            ("US", ["line1", "line2", "postcode", "city", "region"]),
        ):
            html = form.render(form=Form(), rules=address_rules.rules_for(country), country=country)
            places = re.findall(r'name="(line1|line2|postcode|city|region)"', html)
            assert places == parts, country


def test_regions_are_named_in_the_language_of_the_page(app: Flask) -> None:
    region = address_rules.rules_for("JP").region
    tokyo = next(code for code, names in region.choices.items() if "東京都" in names)
    with app.test_request_context():
        assert "Tokyo" in region.shown_choices[tokyo]
    app.config["SHOP_SETTINGS"] = {"locale": "ja_JP"}
    with app.test_request_context():
        assert region.shown_choices[tokyo] == "東京都"
        assert " / " in address_rules.rules_for("AE").region.shown_choices["إمارة دبيّ"]
