"""Codes of countries (ISO 3166-1) to which mail can be sent: their names, and the check of what people type."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from functools import cache

from babel import Locale
from babel.core import get_global

from storefront.i18n import gettext as _
from storefront.i18n import quote
from storefront.unicode_text import normalize

# Two-letter codes in the CLDR that are not countries to which mail can be sent.
_NO_COUNTRY = frozenset("AC CP CQ DG EA EU EZ IC QO TA UN XA XB ZZ".split())
# Codes that people write for a country: Greece's in VAT numbers, and of languages. The CLDR knows others, such as UK.
_MISTAKEN = {"EL": "GR", "EN": "GB", "DA": "DK", "JA": "JP", "KO": "KR", "ZH": "CN"}
# Names that the CLDR has in another form.
_OTHER_NAMES = {
    "burma": "MM",
    "czech republic": "CZ",
    "england": "GB",
    "great britain": "GB",
    "holland": "NL",
    "scotland": "GB",
    "turkey": "TR",
    "wales": "GB",
}
_SEPARATORS = re.compile("[;,、،/\n]")
_LANGUAGES = ("en", "de", "ja")  # in which names of countries lead to their codes, beside the shop's language


@cache
def country_codes() -> frozenset[str]:
    """Return the codes of all countries."""
    codes = map(str, Locale("en").territories)
    return frozenset(code for code in codes if len(code) == 2 and code.isalpha() and code not in _NO_COUNTRY)


@cache
def country_names(locale: str) -> Mapping[str, str]:
    """Return the names by code, in the language of a locale, sorted by name."""
    codes = country_codes()
    names = {code: name for code, name in Locale.parse(locale).territories.items() if code in codes}
    return dict(sorted(names.items(), key=lambda pair: pair[1].casefold()))


def check_country(text: str, locale: str = "en") -> str:
    """Return a country's code.

    Args:
        text: what somebody has typed, or what a configuration says.
        locale: names of countries in this language lead to the code in the advice, too.

    Raises:
        ValueError: it is not a code; the text says so and names the code that was probably meant.
    """
    if text in country_codes():
        return text
    meant = _suggest(text.strip(), locale)
    raise ValueError(
        _(
            "%(typed)s is not the code of a country (ISO 3166-1); write %(code)s.",
            typed=quote(text[:60]),
            code=meant,
        )
        if meant
        else _(
            "%(typed)s is not the code of a country (ISO 3166-1); write a code such as DE or US.",
            typed=quote(text[:60]),
        )
    )


def read_countries(text: str) -> list[str]:
    """Return the codes of a typed list, with commas, semicolons or spaces between them, in the order of the alphabet.

    Raises:
        ValueError: one is not a code; the text says so and names the code that was probably meant.
    """
    return sorted({check_country(code) for code in split_codes(text)})


def split_codes(text: str, locale: str = "en") -> list[str]:
    """Return the codes of a typed list of codes and names; a part that is neither stays as it is."""
    codes = []
    for part in _SEPARATORS.split(normalize("NFKC", text)):
        whole = find_country(part, locale)  # a name may have spaces
        codes += (
            [whole] if whole in country_codes() else [find_country(each, locale) for each in part.split()]
        )
    return codes


def find_country(typed: str, locale: str = "en") -> str:
    """Return the code of a country by its code in any case, or by its whole name; any other text as it is."""
    text = normalize("NFKC", typed).strip()
    return text.upper() if len(text) == 2 else _codes_by_name(locale).get(text.casefold(), text)


def find_nearest(text: str, codes: Mapping[str, str]) -> str:
    """Return the code of the name (in lower case) that is most like a text; empty if none is."""
    near = difflib.get_close_matches(text.casefold(), codes, n=1, cutoff=0.8)
    return codes[near[0]] if near else ""


def _suggest(text: str, locale: str) -> str:
    code = normalize("NFKC", text).upper().replace(".", "")
    replaced = get_global("territory_aliases").get(code, [])  # UK, USA, DEU, 276
    if len(replaced) == 1:
        return str(replaced[0])
    if code in _MISTAKEN or code in country_codes():
        return _MISTAKEN.get(code, code)
    return find_nearest(text, _codes_by_name(locale))


@cache
def _codes_by_name(locale: str) -> Mapping[str, str]:
    """Return the codes by the names in small letters, in our languages and that of a locale."""
    return _OTHER_NAMES | {
        name.casefold(): code
        for language in (*_LANGUAGES, locale)
        for code, name in country_names(language).items()
    }
