"""The country of a locale, and the country that a text names."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from babel import Locale

from storefront.country_codes import country_names

MAX_COUNTRY = 60  # characters of a country as people write it


def default_country(locale: str) -> str:
    """Return the code of the locale's country; empty if the locale names none, or a part of the world (`es_419`)."""
    territory = Locale.parse(locale).territory or ""
    return territory if territory in country_names(locale) else ""


def find_country(text: str) -> str:
    """Return the ISO 3166-1 code of a country that is written as a code or as its English name; empty if unknown."""
    code = text.strip().upper()
    return code if code in country_names("en") else _codes_by_name().get(text.strip().casefold(), "")


@cache
def _codes_by_name() -> Mapping[str, str]:
    return {name.casefold(): code for code, name in country_names("en").items()}
