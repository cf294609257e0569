"""Postal codes: the one spelling that a country's post wants, from the many that people type and labels print."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain

from storefront.postal.postcode_signs import signs_of
from storefront.unicode_text import ascii_digits, normalize

# The sign of a long vowel: Japanese keyboards write it with the key of the hyphen. Unicode counts it as a letter.
_LONG_VOWEL = "ー"
# Spellings that the post prefers to the library's examples. Sweden: PostNord, "Postnummersystemet", a space after 3.
_USUAL = {"SE": ("114 55",), "SA": ("11564-2345",), "VE": ("1010-A",)}
# Codes as the posts give them out, where the library refuses some of them or accepts more than exist.
_OWN_PATTERNS = {
    # Eircode, "Product Guide": no letter that looks like another or like a digit; only the key D6W has two letters.
    "IE": r"(?:[AC-FHKNPRTV-Y]\d\d|D6W) [\dAC-FHKNPRTV-Y]{4}",
    "KZ": r"\d{6}|[A-Z]\d\d[A-Z]\d[A-Z]\d",  # Kazpost: the codes of buildings, beside those of post offices
    "OM": r"\d{3}",  # the library takes the word PC for a part of it
    "SA": r"\d{5}(?:-\d{4})?",  # SPL: the National Address adds four digits
    "VE": r"\d{4}(?:-[A-Z])?",  # Ipostel: a letter for the part of a large city
}
# How codes begin where the library allows all digits (UPU, "Postal addressing systems in member countries").
_BEGINNINGS = {
    **dict.fromkeys(("AT", "BE", "BG", "CH", "HU", "IN", "LU", "PT", "SE", "SI", "TW"), "[1-9]"),
    "CZ": "[1-7]",
    "DE": "(?!00)",
    "ES": "(?!00|5[3-9]|[6-9])",
    "GR": "[1-8]",
    "KR": "(?!00|6[4-9]|[7-9])",
    "RU": "[1-6]",
    "SK": "[089]",
    "TR": "(?!00|8[2-9]|9)",
}


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
    is_valid = re.compile(_OWN_PATTERNS.get(country, pattern.pattern)).fullmatch
    begins = re.compile(_BEGINNINGS.get(country, "")).match
    text = ascii_digits(normalize("NFKC", typed)).upper()
    signs = (*signs_of(country), *(prefix.strip(" -") for prefix in prefixes))
    # `LV-1073`: the sign is part of the code.
    parts = [sign for sign in signs_of(country) if sign in pattern.pattern]
    by_shape = {
        _shape(_compact(example)): example for example in (*reversed(examples), *_USUAL.get(country, ()))
    }
    for compact in _readings(text, signs):
        signed = (f"{sign}{mark}{compact}" for sign in parts for mark in ("", " ", "-"))
        spellings = chain(_separated(compact, by_shape), signed)
        if found := next((code for code in spellings if is_valid(code) and begins(code)), None):
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
