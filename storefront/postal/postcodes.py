"""Postal codes: the one spelling that a country's post wants, from the many that people type and labels print."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain

from storefront.unicode_text import ascii_digits, normalize

# Distinguishing signs of vehicles (Convention on Road Traffic, 1968), which many people write before a postal code,
# where they differ from the ISO 3166-1 code. The CEN and the posts advise against them, and they are everywhere.
_VEHICLE_SIGNS = {
    "AT": "A",
    "BE": "B",
    "DE": "D",
    "EE": "EST",
    "ES": "E",
    "FI": "FIN",
    "FR": "F",
    "GB": "UK",
    "HU": "H",
    "IT": "I",
    "JP": "〒",
    "LI": "FL",
    "LU": "L",
    "NO": "N",
    "PT": "P",
    "RU": "RUS",
    "SE": "S",
    "SI": "SLO",
    "SM": "RSM",
    "VA": "V",
}
# Words for "postal code", names and signs of old that people and printed labels write before the code.
_WORDS = {
    "AT": ("PLZ",),
    "BR": ("CEP",),
    "CH": ("PLZ",),
    "CN": ("邮编", "邮政编码"),
    "DE": ("PLZ",),
    "DK": ("K",),
    "ES": ("CP",),
    "FI": ("SF",),
    "FR": ("CP",),
    "IN": ("PIN", "PINCODE"),
    "IT": ("CAP",),
    "JP": ("郵便番号",),
    "KR": ("우편번호", "우"),
    "MX": ("CP",),
    "SG": ("S", "SINGAPORE"),
    "US": ("ZIP", "ZIPCODE"),
}
# The sign of a long vowel: Japanese keyboards write it with the key of the hyphen. Unicode counts it as a letter.
_LONG_VOWEL = "ー"
# Spellings that the post prefers to the library's examples. Sweden: PostNord, "Postnummersystemet", a space after 3.
_USUAL = {"SE": ("114 55",), "SA": ("11564-2345",)}
# Codes that the post prefers and the library refuses. Saudi Arabia: the National Address adds four digits (SPL).
_FURTHER = {"SA": re.compile(r"\d{5}(?:-\d{4})?")}


def normalize_postcode(
    typed: str,
    country: str,
    pattern: re.Pattern[str],
    examples: Sequence[str] = (),
    prefixes: Sequence[str] = (),
) -> str | None:
    """Return a postal code as the country writes it; None if no reading of the text matches the pattern.

    Full-width characters, digits of all scripts, missing, other and superfluous separators, small letters, and the
    country's sign before the code (`D-10115`) are understood.

    Args:
        typed: what somebody typed.
        country: an ISO 3166-1 code.
        pattern: the valid codes, as the library knows them.
        examples: valid codes, which show the separators.
        prefixes: further words before the code that mean nothing, such as the code of the region.
    """
    pattern = _FURTHER.get(country, pattern)
    text = ascii_digits(normalize("NFKC", typed)).upper()
    sign = _VEHICLE_SIGNS.get(country, country)
    signs = (country, sign, *_WORDS.get(country, ()), *(prefix.strip(" -") for prefix in prefixes))
    by_shape = {
        _shape(_compact(example)): example for example in (*reversed(examples), *_USUAL.get(country, ()))
    }
    for compact in _readings(text, signs):
        spellings = chain(_separated(compact, by_shape), (f"{country}{compact}", f"{country}-{compact}"))
        if found := next((code for code in spellings if pattern.fullmatch(code)), None):
            return found
    return None


def _readings(text: str, signs: Sequence[str]) -> Iterator[str]:
    """Yield the letters and digits of a text: all of them, then those after each sign."""
    compact = _compact(text)
    yield compact
    for sign in signs:
        if len(rest := compact.removeprefix(_compact(sign))) < len(compact):
            yield rest


def _separated(compact: str, by_shape: Mapping[str, str]) -> Iterator[str]:
    """Yield spellings of a code, the most usual first: as an example of this shape, with one separator, without."""
    if example := by_shape.get(_shape(compact)):
        rest = iter(compact)
        yield "".join(next(rest) if sign.isalnum() else sign for sign in example)
    for separator in " -":
        yield from (f"{compact[:place]}{separator}{compact[place:]}" for place in range(1, len(compact)))
    yield compact


def _compact(text: str) -> str:
    return "".join(sign for sign in text if sign.isalnum() and sign != _LONG_VOWEL)


def _shape(compact: str) -> str:
    """Return the kinds of characters: `A9` for a letter and a digit."""
    return "".join("9" if sign.isdecimal() else "A" for sign in compact)
