"""Countries by their ISO 3166-1 codes, named in the shop's language."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from babel import Locale

# Two letters in the CLDR, but no country to send a parcel to.
_NO_COUNTRY = frozenset("AC CP CQ DG EA EU EZ IC QO TA UN XA XB ZZ".split())


@cache
def country_names(locale: str) -> Mapping[str, str]:
    """Return names by code, in the order of the names."""
    found = {
        code: name
        for code, name in Locale.parse(locale).territories.items()
        if len(code) == 2 and code.isalpha() and code not in _NO_COUNTRY
    }
    return dict(sorted(found.items(), key=lambda pair: pair[1].casefold()))


def default_country(locale: str) -> str:
    """Return the code of the country that the locale names; empty if it names none."""
    return Locale.parse(locale).territory or ""
