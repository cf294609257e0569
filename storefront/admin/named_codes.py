"""Languages, currencies and time zones by the names that people know: what a field suggests, which code is meant."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache

from babel import Locale
from babel.core import get_global
from babel.numbers import get_currency_symbol, get_territory_currencies

from storefront.country_codes import country_codes

# Shops can have other locales, too; these are suggested, and their names are known.
_LOCALES = (
    "cs_CZ da_DK de_AT de_CH de_DE el_GR en_AU en_CA en_GB en_IE en_NZ en_US es_ES es_MX fi_FI fr_BE fr_CA fr_CH "
    "fr_FR hu_HU it_CH it_IT ja_JP ko_KR nb_NO nl_BE nl_NL pl_PL pt_BR pt_PT ro_RO sk_SK sv_SE tr_TR uk_UA zh_TW"
).split()
# Languages in which names lead to their codes, beside the shop's and their own.
_OF_NAMES = ("en", "de", "ja")


@cache
def suggest(setting: str, locale: str) -> Mapping[str, str]:
    """Return the codes that a setting may have with their names in the language of a locale; empty for others."""
    find = _NAMES.get(setting)
    return dict(sorted(find(locale).items(), key=lambda pair: pair[1].casefold())) if find else {}


def read_code(setting: str, typed: str, locale: str) -> str:
    """Return the code that a typed name means, such as EUR for Euro; else the text as it is."""
    if setting == "languages":
        return ", ".join(read_code("locale", part, locale) for part in typed.split(",")) if typed else ""
    return _codes(setting, locale).get(_fold(typed), typed) if setting in _NAMES else typed


def _locales(locale: str) -> dict[str, str]:
    return {code: str(Locale.parse(code).get_display_name(locale) or code) for code in _LOCALES}


def _currencies(locale: str) -> dict[str, str]:
    names = Locale.parse(locale).currencies
    today = {code for country in country_codes() for code in get_territory_currencies(country)}
    return {code: str(names.get(code, code)) for code in today}


def _zones(locale: str) -> dict[str, str]:
    cities = Locale.parse(locale).time_zones
    zones = {zone for found in get_global("territory_zones").values() for zone in found}
    return {zone: cities.get(zone, {}).get("city", zone) for zone in zones}


_NAMES: Mapping[str, Callable[[str], dict[str, str]]] = {
    "locale": _locales,
    "currency": _currencies,
    "timezone": _zones,
}


@cache
def _codes(setting: str, locale: str) -> Mapping[str, str]:
    """Return the codes by name, with the names that have one meaning only."""
    found: dict[str, set[str]] = {}
    for language in (*_OF_NAMES, locale):
        for code, name in _NAMES[setting](language).items():
            for each in (name, *_further_names(setting, code, language)):
                found.setdefault(_fold(each), set()).add(code)
    return {name: codes.pop() for name, codes in found.items() if len(codes) == 1}


def _further_names(setting: str, code: str, language: str) -> tuple[str, ...]:
    if setting == "timezone":
        return (code.rpartition("/")[2].replace("_", " "),)
    if setting == "currency":
        return (str(get_currency_symbol(code, language)),)
    own = Locale.parse(code)
    likely = get_global("likely_subtags").get(own.language, "")
    if likely.endswith(f"_{own.territory}"):  # Deutsch: de_DE, not de_AT
        return tuple(str(name) for name in (own.language_name, own.get_language_name(language)) if name)
    return (str(own.display_name),)


def _fold(name: str) -> str:
    return " ".join(name.casefold().split())
